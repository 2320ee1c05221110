// Every operator of the IR. Operators follow the newest ONNX form (axes, bounds and shapes are inputs, not
// attributes); older forms are rewritten on import. src/ops/op_table.cc says what each one means.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace dsq {

// clang-format off
enum class OpKind : uint8_t {
  // unary, elementwise
  abs, acos, acosh, asin, asinh, atan, atanh, bitwise_not, cast, ceil, celu, cos, cosh, elu, erf, exp, floor, gelu,
  hard_sigmoid, hard_swish, identity, is_inf, is_nan, leaky_relu, log, logical_not, mish, neg, reciprocal, relu, round,
  selu, shrink, sigmoid, sign, silu, sin, sinh, softplus, softsign, sqrt, tan, tanh, thresholded_relu,
  // binary and ternary, elementwise with broadcasting
  add, bit_shift, bitwise_and, bitwise_or, bitwise_xor, clip, div, equal, greater, greater_equal, less, less_equal,
  logical_and, logical_or, logical_xor, max, min, mod, mul, pow, prelu, sub, where,
  // reductions and scans
  arg_max, arg_min, cumsum, reduce_l1, reduce_l2, reduce_log_sum, reduce_log_sum_exp, reduce_max, reduce_mean,
  reduce_min, reduce_prod, reduce_sum, reduce_sum_square, topk,
  // layers
  avg_pool, batch_norm, conv, conv_transpose, einsum, gemm, group_norm, gru, instance_norm, layer_norm, linear,
  log_softmax, lp_norm, lp_pool, lrn, lstm, matmul, max_pool, mean_variance_norm, rms_norm, rnn, softmax, hardmax,
  // shape and data movement
  compress, concat, constant_of_shape, depth_to_space, expand, eye_like, gather, gather_elements, gather_nd,
  grid_sample, nonzero, one_hot, pad, range, reshape, resize, reverse_sequence, roi_align, scatter_elements,
  scatter_nd, shape, size, slice, space_to_depth, split, squeeze, tile, transpose, trilu, unsqueeze,
  // control flow
  if_else, loop, non_max_suppression,
  // quantization
  conv_integer, dequantize, dynamic_quantize, lut, matmul_integer, qadd, qavg_pool, qconv, qconv_transpose, qlinear,
  quantize, requantize,
};
// clang-format on

inline constexpr int kOpKinds = static_cast<int>(OpKind::requantize) + 1;

std::string_view name_of(OpKind kind);
std::optional<OpKind> op_kind_from(std::string_view name);

}  // namespace dsq
