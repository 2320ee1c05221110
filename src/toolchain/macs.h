// The cost of a node.
#pragma once

#include <cstdint>

#include "src/ir/graph.h"

namespace dsq {

// Multiplications with accumulation of one run at the shapes in the graph. 0 for operators that do not multiply
// matrices, and when shapes are not known.
int64_t macs_of(const Graph& graph, const Node& node);

// Whether it multiplies, adds or moves integers: its result comes from integer arithmetic, whatever its type.
bool is_integer_op(OpKind op);

}  // namespace dsq
