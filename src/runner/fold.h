// Evaluates what does not depend on the inputs, with the portable kernels.
#pragma once

#include "src/ir/graph.h"
#include "src/support/result.h"

namespace dsq {

// The outputs of one node whose inputs are all constants. Errors: op_not_runnable, run_failed.
Result<std::vector<Tensor>> evaluate(const Graph& graph, NodeId id);

// Infers types and replaces every node whose outputs are thereby known - all inputs constant, or an integer value that
// shape inference found out - by constants; nodes left without users go too. Results much larger than their inputs are
// left to run time, so that a few bytes cannot blow up. Returns whether anything changed.
Result<bool> fold_constants(Graph& graph);

// Erases nodes without effect and constants without users. Returns whether anything changed.
bool drop_dead(Graph& graph);

}  // namespace dsq
