#include "passes/marker.h"

namespace dsq {

bool is_marker(const Graph& graph, NodeId id) {
  return graph.node(id).op == OpKind::requantize && graph.node(id).inputs.size() == 1;
}

bool is_static_integer(const Graph& graph, ValueId id) {
  if (id == ValueId::none || graph.is_constant(id)) {
    return false;
  }
  const Value& value = graph.value(id);
  return value.spec && value.params && value.spec->storage != DType::f16 &&
         (value.spec->range == RangeSource::calibrated || value.spec->range == RangeSource::fixed);
}

std::optional<NodeId> finest_static_marker(const Graph& graph, ValueId id) {
  if (graph.is_output(id)) {
    return std::nullopt;
  }
  std::optional<NodeId> finest;
  const auto bits = [&](NodeId marker) { return bits_of(graph.value(graph.node(marker).outputs[0]).spec->storage); };
  for (const NodeId user : graph.value(id).users) {
    if (!is_marker(graph, user) || !is_static_integer(graph, graph.node(user).outputs[0])) {
      return std::nullopt;
    }
    finest = !finest || bits(user) > bits(*finest) ? user : *finest;
  }
  return finest;
}

}  // namespace dsq
