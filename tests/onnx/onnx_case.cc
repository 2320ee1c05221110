#include "tests/onnx/onnx_case.h"

#include <cmath>
#include <cstring>
#include <fstream>

#include <onnx/onnx_pb.h>

#include "formats/onnx/tensors.h"

namespace dsq::test {
namespace {

// Values from the repeated fields, each in the type that it is kept in, written with the width of the tensor's type.
void fill(Tensor& tensor, const onnx::TensorProto& proto) {
  const auto width = static_cast<size_t>(bits_of(tensor.dtype()) / 8);
  const std::span<std::byte> to = tensor.mutable_bytes();
  const auto put = [&](int i, const auto& value) {
    std::memcpy(to.data() + static_cast<size_t>(i) * width, &value, width);
  };
  const auto fits = [&](int i) { return static_cast<int64_t>(i) < tensor.count(); };
  for (int i = 0; i < proto.float_data_size() && fits(i); ++i) put(i, proto.float_data(i));
  for (int i = 0; i < proto.double_data_size() && fits(i); ++i) put(i, proto.double_data(i));
  for (int i = 0; i < proto.int32_data_size() && fits(i); ++i) put(i, proto.int32_data(i));
  for (int i = 0; i < proto.int64_data_size() && fits(i); ++i) put(i, proto.int64_data(i));
  for (int i = 0; i < proto.uint64_data_size() && fits(i); ++i) put(i, proto.uint64_data(i));
}

double number(const Tensor& tensor, int64_t i) { return element(tensor, i); }

}  // namespace

Result<Tensor> read_tensor(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  onnx::TensorProto proto;
  if (!file || !proto.ParseFromIstream(&file)) {
    return fail(Code::tensor_invalid, "{} is not a tensor", path.string());
  }
  const DType dtype = DSQ_TRY(onnx_format::dtype_of_onnx(proto.data_type()));
  const Shape shape(proto.dims().begin(), proto.dims().end());
  DSQ_TRY(checked_count(shape));
  Tensor tensor(dtype, shape);
  if (!proto.has_raw_data()) {
    fill(tensor, proto);
    return tensor;
  }
  if (proto.raw_data().size() != tensor.bytes().size()) {
    return fail(Code::tensor_invalid, "{} holds {} bytes for {}", path.string(), proto.raw_data().size(),
                text_of(shape));
  }
  std::memcpy(tensor.mutable_bytes().data(), proto.raw_data().data(), proto.raw_data().size());
  return tensor;
}

Result<std::vector<DataSet>> read_data_sets(const std::filesystem::path& folder) {
  std::vector<DataSet> sets;
  for (int set = 0;; ++set) {
    const std::filesystem::path at = folder / fmt::format("test_data_set_{}", set);
    if (!std::filesystem::is_directory(at)) {
      return sets;
    }
    DataSet data;
    for (int i = 0; std::filesystem::exists(at / fmt::format("input_{}.pb", i)); ++i) {
      data.inputs.push_back(DSQ_TRY(read_tensor(at / fmt::format("input_{}.pb", i))));
    }
    for (int i = 0; std::filesystem::exists(at / fmt::format("output_{}.pb", i)); ++i) {
      data.outputs.push_back(DSQ_TRY(read_tensor(at / fmt::format("output_{}.pb", i))));
    }
    sets.push_back(std::move(data));
  }
}

std::string difference(const Tensor& got, const Tensor& expected, double rtol, double atol) {
  if (got.type() != expected.type()) {
    return fmt::format("{} instead of {}", text_of(got.type()), text_of(expected.type()));
  }
  if (!is_float(got.dtype())) {
    for (int64_t i = 0; i < got.count(); ++i) {
      if (got.bytes().size() != expected.bytes().size() || number(got, i) != number(expected, i)) {
        return fmt::format("[{}] is {} instead of {}", i, number(got, i), number(expected, i));
      }
    }
    return {};
  }
  for (int64_t i = 0; i < got.count(); ++i) {
    const double a = number(got, i);
    const double b = number(expected, i);
    const bool same = a == b || (std::isnan(a) && std::isnan(b));
    if (!same && !(std::abs(a - b) <= atol + rtol * std::abs(b))) {
      return fmt::format("[{}] is {} instead of {}", i, a, b);
    }
  }
  return {};
}

}  // namespace dsq::test
