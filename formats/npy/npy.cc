#include "formats/npy/npy.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include <fmt/ranges.h>
#include <minizip/unzip.h>
#include <minizip/zip.h>

#include "src/support/file.h"
#include "src/support/strings.h"

namespace dsq::npy {
namespace {

struct Row {
  std::string_view descr;
  DType dtype;
};
constexpr auto kTypes = std::to_array<Row>({
    {"<f4", DType::f32},
    {"<f2", DType::f16},
    {"<f8", DType::f64},
    {"|i1", DType::i8},
    {"|u1", DType::u8},
    {"<i2", DType::i16},
    {"<u2", DType::u16},
    {"<i4", DType::i32},
    {"<u4", DType::u32},
    {"<i8", DType::i64},
    {"<u8", DType::u64},
    {"|b1", DType::boolean},
});

Error damaged(const std::string& name, std::string_view why) { return fail(Code::data_unreadable, "{}", why).at(name); }

// The value of a key in the header's Python dictionary, up to the next comma outside parentheses.
std::string_view dictionary_value(std::string_view header, std::string_view key) {
  const size_t at = header.find(key);
  if (at == std::string_view::npos) {
    return {};
  }
  size_t begin = header.find(':', at);
  if (begin == std::string_view::npos) {
    return {};
  }
  begin = header.find_first_not_of(' ', begin + 1);
  size_t end = begin;
  int depth = 0;
  while (end < header.size() && (depth > 0 || (header[end] != ',' && header[end] != '}'))) {
    depth += header[end] == '(' ? 1 : header[end] == ')' ? -1 : 0;
    ++end;
  }
  return begin == std::string_view::npos ? std::string_view() : header.substr(begin, end - begin);
}

Result<Shape> parse_shape(std::string_view text, const std::string& name) {
  const auto unreadable = [&] { return damaged(name, "the array's shape cannot be read"); };
  if (!text.starts_with('(') || text.find_first_not_of("(0123456789, )") != std::string_view::npos) {
    return unreadable();
  }
  Shape shape;
  for (size_t at = 0; at < text.size();) {
    if (text[at] < '0' || text[at] > '9') {
      ++at;
      continue;
    }
    int64_t value = 0;
    const auto [end, code] = std::from_chars(text.data() + at, text.data() + text.size(), value);
    if (code != std::errc() || shape.size() > 64) {
      return unreadable();
    }
    shape.push_back(value);
    at = static_cast<size_t>(end - text.data());
  }
  return shape;
}

// Fortran order: the reversed shape in row-major order, transposed.
Tensor transposed(const Tensor& reversed) {
  const Shape shape(reversed.shape().rbegin(), reversed.shape().rend());
  Tensor out(reversed.dtype(), shape);
  const auto each = static_cast<size_t>(bits_of(out.dtype()) / 8);
  const Shape strides = strides_of(reversed.shape());
  std::byte* to = out.mutable_bytes().data();
  for (int64_t i = 0; i < out.count(); ++i) {
    int64_t rest = i;
    int64_t from = 0;
    for (size_t d = shape.size(); d-- > 0;) {
      from += rest % shape[d] * strides[shape.size() - 1 - d];
      rest /= shape[d];
    }
    std::memcpy(to + static_cast<size_t>(i) * each, reversed.bytes().data() + static_cast<size_t>(from) * each, each);
  }
  return out;
}

// `owner` keeps the bytes, which then are not copied where that can be.
Result<Tensor> parse_npy(std::span<const std::byte> bytes, const std::string& name,
                         const std::shared_ptr<const void>& owner = nullptr) {
  const auto* text = reinterpret_cast<const char*>(bytes.data());
  if (bytes.size() < 12 || std::memcmp(text, "\x93NUMPY", 6) != 0) {
    return damaged(name, "not a NumPy array");
  }
  const bool wide = text[6] >= 2;
  uint32_t length = 0;
  std::memcpy(&length, text + 8, wide ? 4 : 2);
  const size_t start = (wide ? 12U : 10U) + size_t{length};
  if (start > bytes.size()) {
    return damaged(name, "the array ends inside its header");
  }
  const std::string_view header(text + (wide ? 12 : 10), length);
  std::string_view descr = dictionary_value(header, "'descr'");
  descr = descr.size() >= 2 ? descr.substr(1, descr.size() - 2) : descr;
  const auto row = std::ranges::find(kTypes, descr, &Row::descr);
  if (row == kTypes.end()) {
    return damaged(
        name,
        fmt::format("element type '{}' is not supported (pickled objects, strings and big-endian numbers are not read)",
                    descr));
  }
  Shape shape = DSQ_TRY(parse_shape(dictionary_value(header, "'shape'"), name));
  const Result<int64_t> count = checked_count(shape);
  const std::span<const std::byte> data = bytes.subspan(start);
  if (!count || static_cast<size_t>(bytes_of(row->dtype, *count)) > data.size()) {
    return damaged(name, fmt::format("the array ends early: {} for {}", plural(data.size(), "byte"), text_of(shape)));
  }
  const std::span<const std::byte> values = data.first(static_cast<size_t>(bytes_of(row->dtype, *count)));
  if (row->dtype == DType::boolean && !are_booleans(values)) {
    return damaged(name, "a boolean is neither 0 nor 1");
  }
  const bool fortran = dictionary_value(header, "'fortran_order'").starts_with("True");
  if (fortran) {
    std::ranges::reverse(shape);
  }
  constexpr uintptr_t kAligned = 8;  // of any element
  if (owner != nullptr && !fortran && reinterpret_cast<uintptr_t>(values.data()) % kAligned == 0) {
    return Tensor::borrow(row->dtype, shape, owner, values.data());
  }
  Tensor tensor(row->dtype, shape);
  std::ranges::copy(values, tensor.mutable_bytes().begin());
  return fortran ? transposed(tensor) : tensor;
}

Result<std::vector<std::byte>> read_entry(unzFile zip, const std::string& name) {
  unz_file_info64 info{};
  std::array<char, 4096> entry{};
  if (unzGetCurrentFileInfo64(zip, &info, entry.data(), entry.size() - 1, nullptr, 0, nullptr, 0) != UNZ_OK ||
      unzOpenCurrentFile(zip) != UNZ_OK) {
    return damaged(name, "the archive is damaged");
  }
  std::vector<std::byte> bytes;
  constexpr size_t kChunk = 1 << 24;  // grown as data really arrives: the stated size is not to be trusted
  while (true) {
    const size_t before = bytes.size();
    bytes.resize(before + std::min<size_t>(
                              kChunk, info.uncompressed_size - std::min<size_t>(before, info.uncompressed_size) + 1));
    const int got = unzReadCurrentFile(zip, bytes.data() + before, static_cast<unsigned>(bytes.size() - before));
    bytes.resize(before + static_cast<size_t>(std::max(got, 0)));
    if (got < 0) {
      unzCloseCurrentFile(zip);
      return damaged(name, "the archive is damaged");
    }
    if (got == 0) {
      break;
    }
  }
  if (unzCloseCurrentFile(zip) != UNZ_OK) {
    return damaged(name, "an array's checksum does not fit");
  }
  return bytes;
}

Result<NamedTensors> read_npz(const std::filesystem::path& path) {
  const std::shared_ptr<void> zip(unzOpen64(path.c_str()), [](void* file) { file == nullptr ? 0 : unzClose(file); });
  if (zip == nullptr) {
    return damaged(path.string(), "not a .npz archive, or it ends early");
  }
  NamedTensors arrays;
  for (int status = unzGoToFirstFile(zip.get()); status == UNZ_OK; status = unzGoToNextFile(zip.get())) {
    std::array<char, 4096> entry{};
    if (unzGetCurrentFileInfo64(zip.get(), nullptr, entry.data(), entry.size() - 1, nullptr, 0, nullptr, 0) != UNZ_OK) {
      return damaged(path.string(), "the archive is damaged");
    }
    std::string name = entry.data();
    if (name.ends_with(".npy")) {
      name.resize(name.size() - 4);
    }
    const std::vector<std::byte> bytes = DSQ_TRY(read_entry(zip.get(), path.string() + ":" + name));
    Tensor tensor = DSQ_TRY(parse_npy(bytes, path.string() + ":" + name));
    arrays.emplace_back(std::move(name), std::move(tensor));
  }
  unz_global_info64 info{};
  if (unzGetGlobalInfo64(zip.get(), &info) != UNZ_OK || info.number_entry != arrays.size() || arrays.empty()) {
    return damaged(path.string(), "the archive holds no arrays, or its list of them ends early");
  }
  return arrays;
}

Tensor writable(const Tensor& tensor) {
  switch (tensor.dtype()) {
    case DType::bf16: {
      const std::vector<float> values = to_floats(tensor);
      return Tensor::of<float>(tensor.shape(), std::span<const float>(values));
    }
    case DType::i4:
    case DType::u4: {
      const std::vector<int64_t> wide = to_ints(tensor);
      const std::vector<int8_t> values(wide.begin(), wide.end());
      return Tensor::of<int8_t>(tensor.shape(), std::span<const int8_t>(values));
    }
    default: return tensor;
  }
}

std::string npy_header(const Tensor& tensor) {
  const auto row = std::ranges::find(kTypes, tensor.dtype(), &Row::dtype);
  // Tuples as Python writes them: (), (3,), (3, 4).
  const std::string shape = fmt::format("{}{}", fmt::join(tensor.shape(), ", "), tensor.rank() == 1 ? "," : "");
  std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", row->descr, shape);
  header.resize((header.size() + 1 + 10 + 63) / 64 * 64 - 10 - 1, ' ');
  header += '\n';
  const auto length = static_cast<uint16_t>(header.size());
  std::string out("\x93NUMPY\x01\x00", 8);
  out.append(reinterpret_cast<const char*>(&length), 2);
  return out + header;
}

}  // namespace

Result<NamedTensors> read(const std::filesystem::path& path) {
  const std::shared_ptr<const MappedFile> file = DSQ_TRY(MappedFile::open(path));
  const std::span<const std::byte> bytes = file->bytes();
  if (bytes.size() >= 4 && std::memcmp(bytes.data(), "PK\x05\x06", 4) == 0) {  // the list of an archive without entries
    return NamedTensors{};                                                     // what a model without inputs takes
  }
  if (bytes.size() >= 4 && std::memcmp(bytes.data(), "PK", 2) == 0) {
    return read_npz(path);
  }
  NamedTensors arrays;
  arrays.emplace_back("", DSQ_TRY(parse_npy(bytes, path.string(), file)));
  DSQ_TRY(file->check_unchanged());
  return arrays;
}

Result<Tensor> parse(std::span<const std::byte> bytes) { return parse_npy(bytes, {}); }

Result<void> write_npz(const std::filesystem::path& path, const NamedTensors& arrays) {
  return write_file_by_name(path, [&](const std::string& temporary) -> Result<void> {
    const auto failed = [&] { return fail(Code::write_failed, "cannot write").at(path.string()); };
    zipFile zip = zipOpen64(temporary.c_str(), APPEND_STATUS_CREATE);
    if (zip == nullptr) {
      return failed();
    }
    bool good = true;
    for (const auto& [name, tensor] : arrays) {
      const Tensor array = writable(tensor);
      const std::string header = npy_header(array);
      constexpr uLong kUtf8Names = 1 << 11;  // the flag without which readers take names for code page 437
      const zip_fileinfo info{};             // no time stamp: the same arrays give the same bytes
      good = good && zipOpenNewFileInZip4_64(zip, (name + ".npy").c_str(), &info, nullptr, 0, nullptr, 0, nullptr, 0, 0,
                                             0, -MAX_WBITS, DEF_MEM_LEVEL, Z_DEFAULT_STRATEGY, nullptr, 0, 0,
                                             kUtf8Names, 1) == ZIP_OK;
      good = good && zipWriteInFileInZip(zip, header.data(), static_cast<unsigned>(header.size())) == ZIP_OK;
      std::span<const std::byte> rest = array.bytes();
      while (good && !rest.empty()) {
        const size_t chunk = std::min<size_t>(rest.size(), size_t{1} << 30);
        good = zipWriteInFileInZip(zip, rest.data(), static_cast<unsigned>(chunk)) == ZIP_OK;
        rest = rest.subspan(chunk);
      }
      good = good && zipCloseFileInZip(zip) == ZIP_OK;
    }
    good = zipClose(zip, nullptr) == ZIP_OK && good;
    return good ? Result<void>() : Result<void>(failed());
  });
}

Result<void> write_npy(const std::filesystem::path& path, const Tensor& array) {
  const Tensor stored = writable(array);
  const std::string header = npy_header(stored);
  return write_file(path, [&](const Sink& sink) -> Result<void> {
    DSQ_TRY(sink(std::as_bytes(std::span(header))));
    return sink(stored.bytes());
  });
}

}  // namespace dsq::npy
