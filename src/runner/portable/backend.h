// The portable backend: plain loops over row-major data, the definition of every operator.
#pragma once

#include <string>

#include "src/runner/kernel.h"

namespace dsq::portable {

Result<void> transform(Graph& graph);  // changes nothing
Result<Kernel> prepare(const Graph& graph, NodeId id);
std::string library();
std::string instructions();  // that the compiler was allowed to use

}  // namespace dsq::portable
