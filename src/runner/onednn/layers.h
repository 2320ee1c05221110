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

}  // namespace dsq::onednn
