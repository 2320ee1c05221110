// Kernels of the onednn backend; for backend.cc only. Each `prepare_` function returns nothing when the node is not one
// that it can take: the portable kernel runs it then.
#pragma once

#include <optional>

#include "src/runner/kernel.h"

namespace dsq::onednn {

using Prepared = Result<std::optional<Kernel>>;

Prepared prepare_conv(const Graph& graph, const Node& node);            // conv.cc
Prepared prepare_conv_transpose(const Graph& graph, const Node& node);  // conv.cc
Prepared prepare_linear(const Graph& graph, const Node& node);          // linear.cc
Prepared prepare_matmul(const Graph& graph, const Node& node);          // linear.cc
Prepared prepare_pool(const Graph& graph, const Node& node);            // pool.cc

Prepared prepare_gemm(const Graph& graph, const Node& node);        // linear.cc
Prepared prepare_softmax(const Graph& graph, const Node& node);     // normalize.cc: softmax, log_softmax
Prepared prepare_layer_norm(const Graph& graph, const Node& node);  // normalize.cc
Prepared prepare_sum(const Graph& graph, const Node& node);         // normalize.cc: reduce_sum, reduce_mean
Prepared prepare_transpose(const Graph& graph, const Node& node);   // transpose.cc

Prepared prepare_qconv(const Graph& graph, const Node& node);  // integer_products.cc
Prepared prepare_qlinear(const Graph& graph, const Node& node);

Prepared prepare_quantize(const Graph& graph, const Node& node);  // integer_elementwise.cc
Prepared prepare_dequantize(const Graph& graph, const Node& node);
Prepared prepare_dynamic_quantize(const Graph& graph, const Node& node);
Prepared prepare_requantize(const Graph& graph, const Node& node);
Prepared prepare_lut(const Graph& graph, const Node& node);
Prepared prepare_qadd(const Graph& graph, const Node& node);

}  // namespace dsq::onednn
