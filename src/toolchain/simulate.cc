#include "src/toolchain/simulate.h"

#include "passes/marker.h"

namespace dsq {
namespace {

void replace_marker(Graph& graph, NodeId marker) {
  const Node node = graph.node(marker);
  const ValueId marked = node.outputs[0];
  const std::optional<QuantParams> params = graph.value(marked).params;
  const std::optional<Shape> shape = graph.value(marked).type.shape;
  if (!is_static_integer(graph, marked) || !params) {
    graph.set_spec(marked, std::nullopt);
    graph.replace_uses(marked, node.inputs[0]);
    graph.erase_node(marker);
    return;
  }
  const std::string name = graph.value(marked).name;
  const DType storage = graph.value(marked).spec->storage;
  const NodeId q = graph.add_node(OpKind::quantize, node.name,
                                  QuantizeAttrs{params->granularity.axis, params->granularity.group, storage},
                                  {node.inputs[0]}, {name + ".levels"});
  const ValueId levels = graph.node(q).outputs[0];
  graph.set_type(levels, {storage, shape});
  graph.set_params(levels, params);
  const NodeId r =
      graph.add_node(OpKind::dequantize, node.name, QuantizeAttrs{-1, 0, DType::f32}, {levels}, {name + ".reals"});
  const ValueId reals = graph.node(r).outputs[0];
  graph.set_type(reals, {DType::f32, shape});
  graph.replace_uses(marked, reals);
  graph.erase_node(marker);
}

}  // namespace

Graph simulated(Graph graph) {
  for (const NodeId id : graph.topo_order()) {
    if (is_marker(graph, id)) {
      replace_marker(graph, id);
    }
  }
  graph.stage = Stage::floating;
  return graph;
}

}  // namespace dsq
