// Type and shape inference over a whole graph.
#pragma once

#include <vector>

#include "src/ops/op_def.h"

namespace dsq {

// The integer contents that inference found out for values of rank 0 or 1 (by ValueId), e.g. of a shape.
using KnownInts = std::vector<std::optional<Ints>>;

// Sets the type of every node's outputs, in topological order. What cannot be known stays open; it is no error.
// Errors: type_mismatch, shape_mismatch, attribute_invalid, at the node's name.
Result<KnownInts> infer_types(Graph& graph);

// Types of the outputs of one node, from the present types of its inputs.
Result<void> infer_outputs(Graph& graph, NodeId id, KnownInts& known);

}  // namespace dsq
