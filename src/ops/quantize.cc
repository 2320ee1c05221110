// Shape inference of conversions between floats and integers.
#include "src/ops/infer_fns.h"

namespace dsq::infer {

Result<void> quantize(InferContext& c) {
  c.set(0, c.attrs<QuantizeAttrs>().to, c.type(0).shape);
  return {};
}

Result<void> dequantize(InferContext& c) {
  c.set(0, c.attrs<QuantizeAttrs>().to, c.type(0).shape);
  return {};
}

// x -> q, scale, zero point; one scale for each index of axis 0 (sample), for each vector along the last axis (token),
// or one in all (tensor).
Result<void> dynamic_quantize(InferContext& c) {
  const auto& attrs = c.attrs<DynamicQuantizeAttrs>();
  std::optional<Shape> ranges;
  if (attrs.per == RangeAxis::tensor) {
    ranges = Shape{};
  } else if (c.shape(0) != nullptr) {
    if (c.shape(0)->empty()) {
      return fail(Code::shape_mismatch, "a scalar has neither samples nor tokens");
    }
    ranges =
        attrs.per == RangeAxis::sample ? Shape{(*c.shape(0))[0]} : Shape(c.shape(0)->begin(), c.shape(0)->end() - 1);
  }
  c.set(0, attrs.to, c.type(0).shape);
  if (c.output_count() > 1) {
    c.set(1, DType::f32, ranges);
  }
  if (c.output_count() > 2) {
    c.set(2, DType::u8, ranges);
  }
  return {};
}

Result<void> keep_declared(InferContext& c) {
  c.set(0, c.declared(0), c.type(0).shape);
  return {};
}

Result<void> qadd(InferContext& c) {
  std::optional<Shape> out;
  if (c.shape(0) != nullptr && c.shape(1) != nullptr) {
    out = DSQ_TRY(broadcast(*c.shape(0), *c.shape(1)));
  }
  c.set(0, c.declared(0), std::move(out));
  return {};
}

}  // namespace dsq::infer
