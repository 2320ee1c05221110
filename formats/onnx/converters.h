// The converters of the operator families, for table.cc only.
#pragma once

#include "formats/onnx/node_import.h"

namespace dsq::onnx_format {

// import_elementwise.cc
Result<void> convert_elementwise(NodeImport& n);  // every operator that is one IR operator of the same inputs
Result<void> convert_cast(NodeImport& n);
Result<void> convert_clip(NodeImport& n);
Result<void> convert_variadic(NodeImport& n);  // Max, Min, Sum, Mean
Result<void> convert_swish(NodeImport& n);
Result<void> convert_dropout(NodeImport& n);
// import_nn.cc
Result<void> convert_conv(NodeImport& n);
Result<void> convert_pool(NodeImport& n);
Result<void> convert_global_pool(NodeImport& n);
Result<void> convert_batch_norm(NodeImport& n);
Result<void> convert_norm(NodeImport& n);
Result<void> convert_group_norm(NodeImport& n);
Result<void> convert_gemm(NodeImport& n);
Result<void> convert_softmax(NodeImport& n);
Result<void> convert_rnn(NodeImport& n);
Result<void> convert_attention(NodeImport& n);
// import_reduce.cc
Result<void> convert_reduce(NodeImport& n);
Result<void> convert_arg(NodeImport& n);
Result<void> convert_topk(NodeImport& n);
Result<void> convert_cumsum(NodeImport& n);
// import_shape.cc
Result<void> convert_constant(NodeImport& n);
Result<void> convert_constant_of_shape(NodeImport& n);
Result<void> convert_reshape(NodeImport& n);
Result<void> convert_flatten(NodeImport& n);
Result<void> convert_squeeze(NodeImport& n);  // Squeeze, Unsqueeze
Result<void> convert_transpose(NodeImport& n);
Result<void> convert_shape(NodeImport& n);
Result<void> convert_split(NodeImport& n);
Result<void> convert_slice(NodeImport& n);
Result<void> convert_pad(NodeImport& n);
Result<void> convert_resize(NodeImport& n);   // Resize, Upsample
Result<void> convert_blocks(NodeImport& n);   // DepthToSpace, SpaceToDepth
Result<void> convert_indexed(NodeImport& n);  // Concat, Gather and what else has an axis
Result<void> convert_scatter(NodeImport& n);
Result<void> convert_eye_like(NodeImport& n);
Result<void> convert_grid_sample(NodeImport& n);
Result<void> convert_roi_align(NodeImport& n);
Result<void> convert_reverse_sequence(NodeImport& n);
Result<void> convert_flagged(NodeImport& n);  // Trilu, NonMaxSuppression
Result<void> convert_einsum(NodeImport& n);
// import_quant.cc
Result<void> convert_quantize(NodeImport& n);  // QuantizeLinear, DequantizeLinear
Result<void> convert_dynamic_quantize(NodeImport& n);
Result<void> convert_qlinear(NodeImport& n);  // QLinearConv, QLinearMatMul
// import_control.cc
Result<void> convert_if(NodeImport& n);
Result<void> convert_loop(NodeImport& n);
Result<void> convert_scan(NodeImport& n);

// Shared: attributes that convolutions and pools have in common.
Result<AutoPad> auto_pad_of(const NodeImport& n);
ConvAttrs conv_attrs_of(const NodeImport& n, AutoPad auto_pad);

}  // namespace dsq::onnx_format
