#include "src/toolchain/probe.h"

#include "src/support/rng.h"

namespace dsq {
namespace {

constexpr int64_t kImageSide = 64;
constexpr int64_t kLength = 32;
constexpr int64_t kMaxBytes =
    int64_t{1} << 28;  // of all inputs: what is only there to compare must not fill the memory

Shape usual_shape(const Shape& declared, int64_t samples) {
  Shape shape = declared;
  for (size_t d = 0; d < shape.size(); ++d) {
    if (shape[d] == kUnknown) {
      shape[d] = d == 0 ? samples : declared.size() == 4 ? (d == 1 ? 3 : kImageSide) : kLength;
    }
  }
  return shape;
}

template <class T, class F>
Tensor filled(const Shape& shape, F next) {
  Tensor tensor(dtype_of<T>(), shape);
  for (T& value : tensor.mutable_values<T>()) {
    value = next();
  }
  return tensor;
}

}  // namespace

Result<Dataset> probe_inputs(const Graph& graph, int64_t samples) {
  Rng rng(1);
  int64_t bytes = 0;
  std::vector<std::pair<std::string, Tensor>> arrays;
  for (const ValueId id : graph.inputs()) {
    const Value& value = graph.value(id);
    if (!value.type.shape) {
      return fail(Code::data_mismatch, "input '{}' has no known rank", value.name);
    }
    const Shape shape = usual_shape(*value.type.shape, samples);
    bytes += bytes_of(value.type.dtype, DSQ_TRY(checked_count(shape)));
    if (bytes > kMaxBytes) {
      return fail(Code::data_mismatch, "inputs of {} bytes and more are not made up", bytes);
    }
    switch (value.type.dtype) {
      case DType::i64: arrays.emplace_back(value.name, filled<int64_t>(shape, [&] { return rng.below(10); })); break;
      case DType::i32:
        arrays.emplace_back(value.name, filled<int32_t>(shape, [&] { return static_cast<int32_t>(rng.below(10)); }));
        break;
      case DType::boolean: arrays.emplace_back(value.name, filled<bool>(shape, [] { return true; })); break;
      case DType::f32: arrays.emplace_back(value.name, filled<float>(shape, [&] { return rng.normal(); })); break;
      default: return fail(Code::data_mismatch, "input '{}' is {}", value.name, name_of(value.type.dtype));
    }
  }
  Diagnostics unheard;
  return Dataset::make(graph, std::move(arrays), unheard);
}

}  // namespace dsq
