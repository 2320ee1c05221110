// The verifier: what must hold of every graph, and what must hold at its stage. The pass pipeline asks it after every
// change; readers of files ask it before they trust a graph.
#pragma once

#include "src/ir/graph.h"
#include "src/support/result.h"

namespace dsq {

// The first rule that is broken. Errors: graph_invalid (structure), type_mismatch and shape_mismatch (types that are not
// what inference says), stage_violation (the tables in verify.cc), at the name of the node or value.
Result<void> verify(const Graph& graph);

// Only the structure: what must hold before types can be inferred.
Result<void> verify_structure(const Graph& graph);

}  // namespace dsq
