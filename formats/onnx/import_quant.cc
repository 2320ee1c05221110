// Models that are quantized already.
#include <cmath>

#include "formats/onnx/converters.h"

namespace dsq::onnx_format {
namespace {

// A zero point is one of the levels, so it has their type.
Result<void> check_zero(const NodeImport& n, DType levels, size_t zero) {
  if (!n.has(zero) || n.type(zero).dtype == levels) {
    return {};
  }
  return fail(Code::type_mismatch, "its zero point is {}, the levels are {}", name_of(n.type(zero).dtype),
              name_of(levels));
}

}  // namespace

Result<void> convert_quantize(NodeImport& n) {
  QuantizeAttrs attrs;
  attrs.axis = n.attr_int("axis", 1);
  const int64_t block = n.attr_int("block_size", 0);
  const TensorType& scales = n.type(1);
  if (block < 0 || (block == 0 && scales.rank() > 1 && scales.known() && count_of(*scales.shape) > 1)) {
    return n.invalid(fmt::format("block_size {} for scales of {}", block, text_of(scales)));
  }
  const Tensor* scale = n.scope().graph.constant(n.in(1));
  for (int64_t i = 0; scale != nullptr && is_float(scale->dtype()) && i < scale->count(); ++i) {
    if (!std::isfinite(element(*scale, i))) {
      return fail(Code::weights_not_finite, "element {} of its scale is {}", i, element(*scale, i));
    }
  }
  if (n.op_type() == "DequantizeLinear") {
    attrs.to = DType::f32;
    DSQ_TRY(check_zero(n, n.type(0).dtype, 2));
    return n.finish(OpKind::dequantize, attrs, n.inputs());
  }
  attrs.to = n.has(2) ? n.type(2).dtype : DType::u8;
  if (n.attr_int("output_dtype", 0) != 0) {
    attrs.to = DSQ_TRY(dtype_of_onnx(static_cast<int>(n.attr_int("output_dtype", 0))));
    DSQ_TRY(check_zero(n, attrs.to, 2));
  }
  if (is_float(attrs.to)) {
    return n.refuse("quantization to a float type");
  }
  return n.finish(OpKind::quantize, attrs, n.inputs());
}

Result<void> convert_dynamic_quantize(NodeImport& n) {
  return n.finish(OpKind::dynamic_quantize, DynamicQuantizeAttrs{DType::u8, RangeAxis::tensor, 1.0F}, {n.in(0)});
}

// Integer operators with explicit scales become float ones between conversions: what they mean, not how they run.
Result<void> convert_qlinear(NodeImport& n) {
  const auto dequantized = [&](size_t first, int64_t axis) -> Result<ValueId> {
    DSQ_TRY(check_zero(n, n.type(first).dtype, first + 2));
    return n.emit(OpKind::dequantize, QuantizeAttrs{axis, 0, DType::f32},
                  {n.in(first), n.in(first + 1), n.in(first + 2)});
  };
  const bool conv = n.op_type() == "QLinearConv";
  const ValueId a = DSQ_TRY(dequantized(0, 1));
  const ValueId b = DSQ_TRY(dequantized(3, conv ? 0 : -1));
  ValueId y = ValueId::none;
  if (conv) {
    std::vector<ValueId> inputs = {a, b};
    if (n.has(8)) {  // int32 bias with scale x_scale * w_scale
      const ValueId scale = DSQ_TRY(n.emit(OpKind::mul, ActAttrs{}, {n.in(1), n.in(4)}));
      const ValueId bias = DSQ_TRY(n.emit(OpKind::cast, CastAttrs{DType::f32}, {n.in(8)}));
      inputs.push_back(DSQ_TRY(n.emit(OpKind::mul, ActAttrs{}, {bias, scale})));
    }
    y = DSQ_TRY(n.emit(OpKind::conv, conv_attrs_of(n, DSQ_TRY(auto_pad_of(n))), std::move(inputs)));
  } else {
    y = DSQ_TRY(n.emit(OpKind::matmul, NoAttrs{}, {a, b}));
  }
  return n.finish(OpKind::quantize, QuantizeAttrs{1, 0, n.type(7).dtype}, {y, n.in(6), n.in(7)});
}

}  // namespace dsq::onnx_format
