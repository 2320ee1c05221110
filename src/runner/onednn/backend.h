// The fast backend for x86-64: oneDNN for what is heavy, channels-last layouts, fused epilogues. Integer results have
// the same bits as the portable backend's.
#pragma once

#include <string>

#include "src/runner/kernel.h"

namespace dsq::onednn {

Result<void> transform(Graph& graph);
Result<Kernel> prepare(const Graph& graph, NodeId id);
std::string instructions();
std::string library();

}  // namespace dsq::onednn
