// The kernels of the portable backend, one function per operator or family, for table.cc only.
#pragma once

#include "src/runner/kernel.h"

namespace dsq::portable {

// unary.cc
Result<void> unary(const Call& call);
Result<void> cast(const Call& call);
Result<void> classify(const Call& call);  // is_nan, is_inf, logical_not, bitwise_not
// binary.cc
Result<void> arithmetic(const Call& call);
Result<void> compare(const Call& call);
Result<void> bitwise(const Call& call);
Result<void> where(const Call& call);
Result<void> clip(const Call& call);
// reduce.cc
Result<void> reduce(const Call& call);
Result<void> arg(const Call& call);
Result<void> topk(const Call& call);
Result<void> cumsum(const Call& call);
Result<void> softmax(const Call& call);
// conv.cc
Result<void> conv(const Call& call);
Result<void> conv_transpose(const Call& call);
// pool.cc
Result<void> max_pool(const Call& call);
Result<void> mean_pool(const Call& call);  // avg_pool, lp_pool
// matmul.cc
Result<void> matmul(const Call& call);
Result<void> gemm(const Call& call);
Result<void> linear(const Call& call);
Result<void> einsum(const Call& call);
// norm.cc
Result<void> batch_norm(const Call& call);
Result<void> channel_norm(const Call& call);  // instance_norm, group_norm
Result<void> layer_norm(const Call& call);    // layer_norm, rms_norm
Result<void> lp_norm(const Call& call);
Result<void> lrn(const Call& call);
Result<void> mean_variance_norm(const Call& call);
// move.cc
Result<void> copy(const Call& call);  // reshape, squeeze, unsqueeze, identity
Result<void> transpose(const Call& call);
Result<void> concat(const Call& call);
Result<void> split(const Call& call);
Result<void> slice(const Call& call);
Result<void> pad(const Call& call);
Result<void> tile(const Call& call);
Result<void> expand(const Call& call);
Result<void> depth_to_space(const Call& call);
Result<void> space_to_depth(const Call& call);
Result<void> trilu(const Call& call);
Result<void> reverse_sequence(const Call& call);
// create.cc
Result<void> shape_of(const Call& call);
Result<void> constant_of_shape(const Call& call);
Result<void> range(const Call& call);
Result<void> eye_like(const Call& call);
Result<void> one_hot(const Call& call);
// gather.cc
Result<void> gather(const Call& call);
Result<void> gather_elements(const Call& call);
Result<void> gather_nd(const Call& call);
Result<void> scatter_elements(const Call& call);
Result<void> scatter_nd(const Call& call);
Result<void> nonzero(const Call& call);
Result<void> compress(const Call& call);
// resize.cc
Result<void> resize(const Call& call);
Result<void> grid_sample(const Call& call);
// roi_align.cc
Result<void> roi_align(const Call& call);
// rnn.cc
Result<void> recurrent(const Call& call);
// nms.cc
Result<void> non_max_suppression(const Call& call);
// quantize.cc
Result<void> quantize(const Call& call);
Result<void> dequantize(const Call& call);
Result<void> dynamic_quantize(const Call& call);
Result<void> requantize(const Call& call);
Result<void> lut(const Call& call);
Result<void> qadd(const Call& call);
Result<void> qavg_pool(const Call& call);
// qconv.cc
Result<void> qconv(const Call& call);
Result<void> qconv_transpose(const Call& call);
Result<void> qlinear(const Call& call);
Result<void> conv_integer(const Call& call);
Result<void> matmul_integer(const Call& call);

}  // namespace dsq::portable
