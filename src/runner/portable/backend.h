// The portable backend: plain loops over row-major data, the definition of every operator.
#pragma once

#include "src/runner/kernel.h"

namespace dsq::portable {

Result<void> transform(Graph& graph);  // changes nothing
Result<Kernel> prepare(const Graph& graph, NodeId id);

}  // namespace dsq::portable
