// Operators that make tensors from shapes and scalars.
#include <algorithm>
#include <cmath>

#include "src/runner/portable/convert.h"
#include "src/runner/portable/dispatch.h"
#include "src/runner/portable/kernels.h"

namespace dsq::portable {

Result<void> shape_of(const Call& call) {
  auto* out = raw<int64_t>(call.output());
  const Shape& shape = call.input(0).shape();
  if (call.node.op == OpKind::size) {
    out[0] = call.input(0).count();
    return {};
  }
  const auto rank = static_cast<int64_t>(shape.size());
  const int64_t start = call.attrs<ShapeAttrs>().start;
  const int64_t first = std::clamp<int64_t>(start < 0 ? start + rank : start, 0, rank);
  std::copy_n(shape.begin() + first, call.output().count(), out);
  return {};
}

Result<void> constant_of_shape(const Call& call) {
  return for_width(call, call.output().dtype(), [&]<class T>(T) -> Result<void> {
    std::fill_n(raw<T>(call.output()), call.output().count(), call.has(1) ? raw<T>(call.input(1))[0] : T{0});
    return {};
  });
}

Result<void> range(const Call& call) {
  return for_number(call, call.output().dtype(), [&]<class T>(T) -> Result<void> {
    const T start = raw<T>(call.input(0))[0];
    const T step = raw<T>(call.input(2))[0];
    T* out = raw<T>(call.output());
    for (int64_t i = 0; i < call.output().count(); ++i) {
      out[i] = wrapping(start, wrapping(static_cast<T>(i), step, std::multiplies<>()), std::plus<>());
    }
    return {};
  });
}

Result<void> eye_like(const Call& call) {
  const Shape& shape = call.output().shape();
  if (shape.size() != 2) {
    return fail(Code::run_failed, "{} is not a matrix", text_of(shape));
  }
  const int64_t k = call.attrs<EyeAttrs>().k;
  const auto fill = [&]<class T>(T) -> Result<void> {
    T* out = raw<T>(call.output());
    for (int64_t at = 0; at < call.output().count(); ++at) {
      out[at] = static_cast<T>(at % shape[1] - at / shape[1] == k ? 1 : 0);
    }
    return {};
  };
  return call.output().dtype() == DType::boolean ? fill(bool{}) : for_number(call, call.output().dtype(), fill);
}

Result<void> one_hot(const Call& call) {  // indices, depth, [off, on]
  const Shape& out_shape = call.output().shape();
  const auto axis = static_cast<size_t>(
      DSQ_TRY(normalize_axis(call.attrs<AxisAttrs>().axis, static_cast<int64_t>(out_shape.size()))));
  const int64_t depth = out_shape[axis];
  const int64_t inner = strides_of(out_shape)[axis];
  return for_width(call, call.output().dtype(), [&]<class T>(T) -> Result<void> {
    const T* values = raw<T>(call.input(2));
    T* out = raw<T>(call.output());
    for (int64_t at = 0; at < call.output().count(); ++at) {
      const int64_t index_at = at / (inner * depth) * inner + at % inner;
      auto index = static_cast<int64_t>(element(call.input(0), index_at));
      index = index < 0 ? index + depth : index;
      out[at] = values[at / inner % depth == index ? 1 : 0];
    }
    return {};
  });
}

}  // namespace dsq::portable
