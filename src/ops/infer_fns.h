// The inference functions of the operator families, for op_table.cc only.
#pragma once

#include "src/ops/op_def.h"

namespace dsq::infer {

// Inputs [first, last), where present, are i64 or i32: sizes, axes, indices. (indexing.cc)
Result<void> require_ints(const InferContext& c, size_t first, size_t last);

// elementwise.cc
Result<void> same_as_input(InferContext& c);
Result<void> cast(InferContext& c);
Result<void> to_bool(InferContext& c);
Result<void> broadcast_all(InferContext& c);      // arithmetic: all inputs of one type
Result<void> broadcast_compare(InferContext& c);  // bool result
Result<void> where(InferContext& c);
Result<void> clip(InferContext& c);
Result<void> pow(InferContext& c);
// reduce.cc
Result<void> reduce(InferContext& c);
Result<void> arg(InferContext& c);
Result<void> topk(InferContext& c);
Result<void> softmax(InferContext& c);
// conv.cc
Result<void> conv(InferContext& c);
Result<void> conv_transpose(InferContext& c);
Result<void> pool(InferContext& c);
// matmul.cc
Result<void> matmul(InferContext& c);
Result<void> gemm(InferContext& c);
Result<void> linear(InferContext& c);
Result<void> einsum(InferContext& c);
// norm.cc
Result<void> batch_norm(InferContext& c);
Result<void> per_channel_norm(InferContext& c);
Result<void> layer_norm(InferContext& c);
Result<void> lp_norm(InferContext& c);
Result<void> lrn(InferContext& c);
// reshape.cc
Result<void> reshape(InferContext& c);
Result<void> squeeze(InferContext& c);
Result<void> unsqueeze(InferContext& c);
Result<void> transpose(InferContext& c);
Result<void> expand(InferContext& c);
Result<void> tile(InferContext& c);
Result<void> shape_of(InferContext& c);
Result<void> size_of(InferContext& c);
Result<void> depth_to_space(InferContext& c);
Result<void> space_to_depth(InferContext& c);
Result<void> constant_of_shape(InferContext& c);
Result<void> range(InferContext& c);
Result<void> eye_like(InferContext& c);
Result<void> trilu(InferContext& c);
// slicing.cc
Result<void> concat(InferContext& c);
Result<void> split(InferContext& c);
Result<void> slice(InferContext& c);
Result<void> pad(InferContext& c);
Result<void> resize(InferContext& c);
Result<void> grid_sample(InferContext& c);
Result<void> roi_align(InferContext& c);
// indexing.cc
Result<void> gather(InferContext& c);
Result<void> gather_elements(InferContext& c);
Result<void> gather_nd(InferContext& c);
Result<void> scatter(InferContext& c);
Result<void> one_hot(InferContext& c);
Result<void> nonzero(InferContext& c);
Result<void> compress(InferContext& c);
Result<void> non_max_suppression(InferContext& c);
// control.cc
Result<void> if_else(InferContext& c);
Result<void> loop(InferContext& c);
Result<void> recurrent(InferContext& c);
// quantize.cc
Result<void> quantize(InferContext& c);
Result<void> dequantize(InferContext& c);
Result<void> dynamic_quantize(InferContext& c);
Result<void> keep_declared(InferContext& c);  // requantize, lut
// integer_operands.cc: asked of every node before its inference; nothing to say about float operators.
Result<void> integer_operands(const InferContext& c);
// float_operands.cc: the same for float operators.
Result<void> float_operands(const InferContext& c);
Result<void> qadd(InferContext& c);

}  // namespace dsq::infer
