// merge_common: equal constants become one, and so do nodes that compute the same of the same. The first one stays.
#include <algorithm>
#include <cstring>
#include <map>
#include <tuple>

#include "passes/passes.h"

namespace dsq {
namespace {

// Candidates are found by what is cheap to look at and then compared in full; comparing different tensors ends at their
// first difference.
using ConstantKey = std::tuple<DType, Shape, uint64_t>;

ConstantKey key_of(const Tensor& tensor) {
  uint64_t first = 0;
  std::memcpy(&first, tensor.bytes().data(), std::min(tensor.bytes().size(), sizeof(first)));
  return {tensor.dtype(), tensor.shape(), first};
}

bool same_quantization(const Value& a, const Value& b) { return a.spec == b.spec && a.params == b.params; }

bool merge_constants(Graph& graph) {
  bool changed = false;
  std::map<ConstantKey, std::vector<ValueId>> seen;
  for (const ValueId id : graph.values()) {
    const Value& value = graph.value(id);
    if (!value.constant) {
      continue;
    }
    std::vector<ValueId>& alike = seen[key_of(*value.constant)];
    const auto first = std::ranges::find_if(alike, [&](ValueId other) {
      return same_quantization(graph.value(other), value) && *graph.value(other).constant == *value.constant;
    });
    if (first == alike.end()) {
      alike.push_back(id);
    } else if (!graph.is_output(id) || !graph.is_output(*first)) {
      graph.replace_uses(id, *first);
      graph.erase_value(id);
      changed = true;
    }
  }
  return changed;
}

// Whether the outputs of `late` can be those of `early`.
bool can_merge(const Graph& graph, const Node& early, const Node& late) {
  if (early.attrs != late.attrs || early.outputs.size() != late.outputs.size()) {
    return false;
  }
  for (size_t i = 0; i < late.outputs.size(); ++i) {
    const ValueId a = early.outputs[i];
    const ValueId b = late.outputs[i];
    if (b == ValueId::none) {
      continue;
    }
    // Two outputs of the graph stay two values: each has its name.
    if (a == ValueId::none || (graph.is_output(a) && graph.is_output(b)) ||
        graph.value(a).type != graph.value(b).type || !same_quantization(graph.value(a), graph.value(b))) {
      return false;
    }
  }
  return true;
}

void merge(Graph& graph, NodeId early, NodeId late) {
  const std::vector<ValueId> to = graph.node(early).outputs;
  const std::vector<ValueId> from = graph.node(late).outputs;
  for (size_t i = 0; i < from.size(); ++i) {
    if (from[i] != ValueId::none) {
      graph.replace_uses(from[i], to[i]);
    }
  }
  graph.erase_node(late);
}

bool merge_nodes(Graph& graph) {
  bool changed = false;
  std::map<std::pair<OpKind, std::vector<ValueId>>, std::vector<NodeId>> seen;
  for (const NodeId id : graph.topo_order()) {
    std::vector<NodeId>& alike = seen[{graph.node(id).op, graph.node(id).inputs}];
    const auto early =
        std::ranges::find_if(alike, [&](NodeId other) { return can_merge(graph, graph.node(other), graph.node(id)); });
    if (early == alike.end()) {
      alike.push_back(id);
    } else {
      merge(graph, *early, id);
      changed = true;
    }
  }
  return changed;
}

}  // namespace

Result<bool> merge_common(Graph& graph, PassContext& /*context*/) {
  const bool constants = merge_constants(graph);
  const bool nodes = merge_nodes(graph);
  return constants || nodes;
}

}  // namespace dsq
