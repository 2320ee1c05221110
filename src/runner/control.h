// Kernels of control flow: they run nested graphs with a runner of their own.
#pragma once

#include <string>

#include "src/runner/kernel.h"

namespace dsq {

Result<Kernel> prepare_control(const Graph& graph, NodeId id, const std::string& backend);

}  // namespace dsq
