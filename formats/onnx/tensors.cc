#include "formats/onnx/tensors.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "src/ir/beyond_f32.h"
#include "src/ir/half.h"
#include "src/support/strings.h"

namespace dsq::onnx_format {
namespace {

// Types that the Debian onnx 1.12 headers do not name yet.
constexpr int kUint4 = 21;
constexpr int kInt4 = 22;

Tensor as_f32(const Tensor& tensor) {
  const std::vector<float> floats = to_floats(tensor);
  return Tensor::of<float>(tensor.shape(), std::span<const float>(floats));
}

// Elements stored one by one in a repeated field.
template <class T, class Field>
Result<Tensor> from_field(const Field& field, Shape shape) {
  if (field.size() != count_of(shape)) {  // before memory is asked for
    return fail(Code::tensor_invalid, "{} stored for {}", plural(field.size(), "value"), text_of(shape));
  }
  using Stored = std::remove_cvref_t<decltype(field.Get(0))>;
  Tensor tensor(dtype_of<T>(), std::move(shape));
  std::span<T> out = tensor.mutable_values<T>();
  for (int i = 0; i < field.size(); ++i) {
    out[static_cast<size_t>(i)] = static_cast<T>(field.Get(i));
    if (is_integer(dtype_of<T>()) && static_cast<Stored>(out[static_cast<size_t>(i)]) != field.Get(i)) {
      return fail(Code::tensor_invalid, "{} is not a value of {}", field.Get(i), name_of(dtype_of<T>()));
    }
  }
  return tensor;
}

// A tensor has one place for its data; where there are two, nobody knows which is meant.
Result<void> check_places(const onnx::TensorProto& proto) {
  const bool is_external = proto.data_location() == onnx::TensorProto::EXTERNAL;
  const auto places = std::to_array({proto.has_raw_data() && !is_external, is_external, proto.float_data_size() > 0,
                                     proto.double_data_size() > 0, proto.int32_data_size() > 0,
                                     proto.int64_data_size() > 0, proto.uint64_data_size() > 0});
  if (std::ranges::count(places, true) > 1) {
    return fail(Code::tensor_invalid, "its data lie in more than one field");
  }
  if (proto.has_segment()) {
    return fail(Code::tensor_invalid, "it is a segment of a tensor, which is not supported");
  }
  return {};
}

// f16 and bf16 bits, or packed nibbles, one int32 each.
Result<Tensor> from_bits(const onnx::TensorProto& proto, DType dtype, Shape shape) {
  const int64_t each = bits_of(dtype) == 4 ? 1 : 2;
  if (proto.int32_data_size() * each != bytes_of(dtype, count_of(shape))) {
    return fail(Code::tensor_invalid, "{} stored for {}", plural(proto.int32_data_size(), "value"), text_of(shape));
  }
  Tensor tensor(dtype, std::move(shape));
  const std::span<std::byte> bytes = tensor.mutable_bytes();
  for (int i = 0; i < proto.int32_data_size(); ++i) {
    const auto bits = static_cast<uint32_t>(proto.int32_data(i));
    std::memcpy(bytes.data() + i * each, &bits, static_cast<size_t>(each));  // little-endian
  }
  return tensor;
}

Result<Tensor> from_fields(const onnx::TensorProto& proto, DType dtype, Shape shape) {
  switch (dtype) {
    case DType::f32: return from_field<float>(proto.float_data(), std::move(shape));
    case DType::f64: return from_field<double>(proto.double_data(), std::move(shape));
    case DType::i64: return from_field<int64_t>(proto.int64_data(), std::move(shape));
    case DType::u64: return from_field<uint64_t>(proto.uint64_data(), std::move(shape));
    case DType::u32: return from_field<uint32_t>(proto.uint64_data(), std::move(shape));
    case DType::i32: return from_field<int32_t>(proto.int32_data(), std::move(shape));
    case DType::i16: return from_field<int16_t>(proto.int32_data(), std::move(shape));
    case DType::u16: return from_field<uint16_t>(proto.int32_data(), std::move(shape));
    case DType::i8: return from_field<int8_t>(proto.int32_data(), std::move(shape));
    case DType::u8: return from_field<uint8_t>(proto.int32_data(), std::move(shape));
    case DType::boolean: return from_field<bool>(proto.int32_data(), std::move(shape));
    case DType::f16:
    case DType::bf16:
    case DType::i4:
    case DType::u4: return from_bits(proto, dtype, std::move(shape));
  }
  return fail(Code::tensor_invalid, "unknown element type");
}

Result<int64_t> to_number(const std::string& text) {
  int64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size() || value < 0) {
    return fail(Code::external_data, "'{}' is not an offset or a length", text);
  }
  return value;
}

// The data file must lie in the model's folder, whatever "..", absolute paths or links say. When the model itself is a
// link, the folder that it leads to will do too: content-addressed caches link models and their data into one folder.
Result<std::filesystem::path> resolve(const std::filesystem::path& model, const std::string& location) {
  namespace fs = std::filesystem;
  const auto outside = [&] {
    return fail(Code::external_data, "external data at '{}' is not inside the model's folder", location);
  };
  const fs::path given(location);
  if (location.empty() || given.is_absolute() || location.find('\0') != std::string::npos) {
    return outside();
  }
  const fs::path normal = given.lexically_normal();
  if (*normal.begin() == "..") {
    return outside();
  }
  const fs::path here = model.has_parent_path() ? model.parent_path() : fs::path(".");
  std::error_code failed;
  const fs::path real = fs::canonical(here / normal, failed);
  if (failed) {
    return fail(Code::external_data, "external data '{}': {}", location, failed.message());
  }
  for (const fs::path& folder : {fs::canonical(here, failed), fs::canonical(model, failed).parent_path()}) {
    const fs::path inside = real.lexically_relative(folder);
    if (!failed && !inside.empty() && *inside.begin() != "..") {
      return here / normal;
    }
  }
  return outside();
}

}  // namespace

Result<DType> dtype_of_onnx(int onnx_type) {
  switch (onnx_type) {
    case onnx::TensorProto::FLOAT: return DType::f32;
    case onnx::TensorProto::DOUBLE: return DType::f64;
    case onnx::TensorProto::FLOAT16: return DType::f16;
    case onnx::TensorProto::BFLOAT16: return DType::bf16;
    case onnx::TensorProto::INT8: return DType::i8;
    case onnx::TensorProto::UINT8: return DType::u8;
    case onnx::TensorProto::INT16: return DType::i16;
    case onnx::TensorProto::UINT16: return DType::u16;
    case onnx::TensorProto::INT32: return DType::i32;
    case onnx::TensorProto::UINT32: return DType::u32;
    case onnx::TensorProto::INT64: return DType::i64;
    case onnx::TensorProto::UINT64: return DType::u64;
    case onnx::TensorProto::BOOL: return DType::boolean;
    case kInt4: return DType::i4;
    case kUint4: return DType::u4;
    case onnx::TensorProto::STRING: return fail(Code::tensor_invalid, "strings are not supported");
    default: return fail(Code::tensor_invalid, "element type {} of ONNX is not supported", onnx_type);
  }
}

DType computed(DType dtype) { return is_float(dtype) ? DType::f32 : dtype; }

Result<Tensor> TensorReader::read(onnx::TensorProto& proto) {
  const DType dtype = DSQ_TRY(dtype_of_onnx(proto.data_type()));
  Shape shape(proto.dims().begin(), proto.dims().end());
  Result<int64_t> count = checked_count(shape);
  if (!count) {
    return std::move(count).error().at("tensor '" + proto.name() + "'");
  }
  if (Result<void> single = check_places(proto); !single) {
    return std::move(single).error().at("tensor '" + proto.name() + "'");
  }
  bytes_read_ += bytes_of(dtype, *count);
  Result<Tensor> tensor = proto.data_location() == onnx::TensorProto::EXTERNAL ? read_external(proto, dtype, shape)
                          : proto.has_raw_data()                               ? read_raw(proto, dtype, shape)
                                                                               : from_fields(proto, dtype, shape);
  if (!tensor) {
    return std::move(tensor).error().at("tensor '" + proto.name() + "'");
  }
  if (dtype == DType::boolean && !are_booleans(tensor->bytes())) {
    return fail(Code::tensor_invalid, "a boolean is neither 0 nor 1").at("tensor '" + proto.name() + "'");
  }
  if (const std::optional<double> far = beyond_f32(*tensor)) {
    return fail(Code::tensor_invalid, "it holds {}, which is beyond the range of f32", *far)
        .at("tensor '" + proto.name() + "'");
  }
  return is_float(dtype) && dtype != DType::f32 ? as_f32(*tensor) : std::move(*tensor);
}

Result<void> TensorReader::check_unchanged() const {
  for (const auto& [location, file] : files_) {
    DSQ_TRY(file->check_unchanged());
  }
  return {};
}

Result<Tensor> TensorReader::read_raw(onnx::TensorProto& proto, DType dtype, Shape shape) {
  const auto bytes = static_cast<size_t>(bytes_of(dtype, count_of(shape)));
  if (proto.raw_data().size() != bytes) {
    return fail(Code::tensor_invalid, "{} stored for {} of {}", plural(proto.raw_data().size(), "byte"), text_of(shape),
                name_of(dtype));
  }
  const std::shared_ptr<std::string> owner(proto.release_raw_data());
  constexpr size_t kSmall = 256;
  const bool aligned = reinterpret_cast<uintptr_t>(owner->data()) % alignof(double) == 0;
  if (bytes > kSmall && aligned) {
    return Tensor::borrow(dtype, std::move(shape), owner, owner->data());
  }
  Tensor tensor(dtype, std::move(shape));
  std::memcpy(tensor.mutable_bytes().data(), owner->data(), bytes);
  return tensor;
}

std::vector<std::filesystem::path> TensorReader::external_files() const {
  std::vector<std::filesystem::path> paths;
  for (const auto& [location, file] : files_) {
    paths.push_back(model_.parent_path() / location);
  }
  return paths;
}

Result<Tensor> TensorReader::read_external(const onnx::TensorProto& proto, DType dtype, Shape shape) {
  std::map<std::string, std::string> keys;
  for (const onnx::StringStringEntryProto& entry : proto.external_data()) {
    keys[entry.key()] = entry.value();
  }
  const std::string& location = keys["location"];
  std::shared_ptr<const MappedFile>& file = files_[location];
  if (file == nullptr) {
    Result<std::shared_ptr<const MappedFile>> opened = MappedFile::open(DSQ_TRY(resolve(model_, location)));
    if (!opened) {
      return fail(Code::external_data, "external data '{}': {}", location, opened.error().what);
    }
    file = std::move(*opened);
    external_bytes_ += static_cast<int64_t>(file->bytes().size());
  }
  const int64_t bytes = bytes_of(dtype, count_of(shape));
  const int64_t offset = keys.contains("offset") ? DSQ_TRY(to_number(keys["offset"])) : 0;
  const int64_t length = keys.contains("length") ? DSQ_TRY(to_number(keys["length"])) : bytes;
  const auto size = static_cast<int64_t>(file->bytes().size());
  if (length != bytes || offset > size || bytes > size - offset) {
    return fail(Code::external_data, "{} at {} of '{}' ({}) for {} of {}", plural(length, "byte"), offset, location,
                plural(size, "byte"), text_of(shape), name_of(dtype));
  }
  const std::byte* data = file->bytes().data() + offset;
  if (reinterpret_cast<uintptr_t>(data) % static_cast<size_t>(std::max(bits_of(dtype) / 8, 1)) != 0) {
    Tensor tensor(dtype, std::move(shape));
    std::memcpy(tensor.mutable_bytes().data(), data, static_cast<size_t>(bytes));
    return tensor;
  }
  return Tensor::borrow(dtype, std::move(shape), file, data);
}

}  // namespace dsq::onnx_format
