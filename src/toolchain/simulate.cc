#include "src/toolchain/simulate.h"

#include "passes/half.h"
#include "passes/marker.h"
#include "src/quant/quant_layer.h"

namespace dsq {
namespace {

void spell_out_weights(Graph& graph, const QuantLayer& layer) {
  const Value& w = graph.value(layer.w);
  if (w.constant && w.constant->dtype() == DType::f16) {
    graph.set_constant(layer.w, from_half(*w.constant));
    return;
  }
  if (!w.constant || !w.params || !is_integer(w.constant->dtype())) {
    return;
  }
  Tensor real = release_scales(layer, restore(*w.constant, *w.params), graph.value(layer.x).params);
  graph.set_params(layer.w, std::nullopt);
  graph.set_constant(layer.w, std::move(real));
}

}  // namespace

Graph simulated(Graph graph) {
  for (const NodeId id : graph.nodes()) {
    if (const std::optional<QuantLayer> layer = quant_layer_at(graph, id)) {
      spell_out_weights(graph, *layer);
    }
  }
  for (const NodeId id : graph.topo_order()) {
    if (is_marker(graph, id)) {
      spell_out_marker(graph, id);
    }
  }
  graph.stage = Stage::floating;
  return graph;
}

}  // namespace dsq
