// drop_dead: no output depends on it, so it goes. Inputs stay: they are the graph's interface.
#include "passes/passes.h"
#include "src/runner/fold.h"

namespace dsq {

Result<bool> drop_dead(Graph& graph, PassContext& /*context*/) { return drop_dead(graph); }

}  // namespace dsq
