#include "src/ir/attrs.h"

namespace dsq {
namespace {

UnaryAttrs unary(float alpha, float beta = 0) { return {.alpha = alpha, .beta = beta}; }

}  // namespace

// clang-format off
Attrs default_attrs(OpKind kind) {
  using enum OpKind;
  switch (kind) {
    case conv: case conv_transpose: case conv_integer: case qconv: case qconv_transpose: return ConvAttrs{};
    case linear: case qlinear: return LinearAttrs{};
    case add: case sub: case mul: case div: case qadd: return ActAttrs{};
    case avg_pool: case max_pool: case lp_pool: case qavg_pool: return PoolAttrs{};
    case softmax: case log_softmax: case hardmax: return AxisAttrs{};
    case concat: case gather: case gather_elements: case split: case compress: case one_hot: return AxisAttrs{.axis = 0};
    case reduce_l1: case reduce_l2: case reduce_log_sum: case reduce_log_sum_exp: case reduce_max: case reduce_mean:
    case reduce_min: case reduce_prod: case reduce_sum: case reduce_sum_square: return ReduceAttrs{};
    case arg_max: case arg_min: return ArgAttrs{};
    case transpose: return PermAttrs{};
    case cast: return CastAttrs{};
    case leaky_relu: return unary(0.01F);
    case elu: case celu: case thresholded_relu: return unary(1.0F);
    case selu: return unary(1.67326319217681884765625F, 1.05070102214813232421875F);
    case hard_sigmoid: return unary(0.2F, 0.5F);
    case shrink: return unary(0.5F, 0.0F);
    case gelu: return UnaryAttrs{};
    case batch_norm: case instance_norm: case layer_norm: case rms_norm: case group_norm: case lp_norm:
    case mean_variance_norm: return NormAttrs{};
    case lrn: return LrnAttrs{};
    case gemm: return GemmAttrs{};
    case resize: return ResizeAttrs{};
    case pad: return PadAttrs{};
    case reshape: return ReshapeAttrs{};
    case OpKind::shape: return ShapeAttrs{};
    case scatter_elements: case scatter_nd: case gather_nd: return ScatterAttrs{};
    case topk: return TopKAttrs{};
    case cumsum: return CumSumAttrs{};
    case depth_to_space: case space_to_depth: return BlockAttrs{};
    case mod: case bit_shift: case trilu: case is_inf: case non_max_suppression: return FlagAttrs{};
    case eye_like: return EyeAttrs{};
    case einsum: return EinsumAttrs{};
    case grid_sample: return GridAttrs{};
    case reverse_sequence: return SequenceAttrs{};
    case roi_align: return RoiAttrs{};
    case rnn: case gru: case lstm: return RnnAttrs{};
    case if_else: return IfAttrs{};
    case loop: return LoopAttrs{};
    case quantize: case dequantize: return QuantizeAttrs{};
    case dynamic_quantize: return DynamicQuantizeAttrs{};
    case abs: case acos: case acosh: case asin: case asinh: case atan: case atanh: case bitwise_not: case ceil:
    case cos: case cosh: case erf: case exp: case floor: case hard_swish: case identity: case is_nan: case log:
    case logical_not: case mish: case neg: case reciprocal: case relu: case round: case sigmoid: case sign: case silu:
    case sin: case sinh: case softplus: case softsign: case sqrt: case tan: case tanh: case bitwise_and:
    case bitwise_or: case bitwise_xor: case clip: case equal: case greater: case greater_equal: case less:
    case less_equal: case logical_and: case logical_or: case logical_xor: case max: case min: case pow: case prelu:
    case where: case matmul: case constant_of_shape: case expand: case nonzero: case range: case OpKind::size:
    case slice: case squeeze: case tile: case unsqueeze: case lut: case matmul_integer: case requantize:
      return NoAttrs{};
  }
  return NoAttrs{};
}
// clang-format on

}  // namespace dsq
