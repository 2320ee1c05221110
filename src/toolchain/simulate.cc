#include "src/toolchain/simulate.h"

#include "passes/marker.h"

namespace dsq {
Graph simulated(Graph graph) {
  for (const NodeId id : graph.topo_order()) {
    if (is_marker(graph, id)) {
      spell_out_marker(graph, id);
    }
  }
  graph.stage = Stage::floating;
  return graph;
}

}  // namespace dsq
