// infer_shapes: types and shapes of all values, from those of the inputs and the constants.
#include "passes/passes.h"
#include "src/ops/infer.h"

namespace dsq {

Result<bool> infer_shapes(Graph& graph, PassContext& /*context*/) {
  const Graph before = graph;
  DSQ_TRY(infer_types(graph));
  for (const ValueId id : graph.values()) {
    if (graph.value(id).type != before.value(id).type) {
      return true;
    }
  }
  return false;
}

}  // namespace dsq
