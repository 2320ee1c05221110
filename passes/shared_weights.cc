// Inputs of layers with one tensor of weights form a set when the layers mean the same by it; the statistics of a set
// are joined channel by channel.
#include "passes/shared_weights.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

#include "src/quant/quant_layer.h"

namespace dsq {
namespace {

// Sets of values; each goes by its first one.
class Groups {
 public:
  explicit Groups(size_t slots) : parent_(slots) { std::iota(parent_.begin(), parent_.end(), 0); }
  ValueId first(ValueId id) const {
    size_t at = static_cast<size_t>(id);
    while (parent_[at] != at) {
      at = parent_[at];
    }
    return static_cast<ValueId>(at);
  }
  void unite(ValueId a, ValueId b) {
    const auto [low, high] = std::minmax({first(a), first(b)});
    parent_[static_cast<size_t>(high)] = static_cast<size_t>(low);
  }

 private:
  std::vector<size_t> parent_;
};

// Whether two layers that multiply by the same tensor also mean the same by it: the same channels in the same places.
bool alike(const Graph& graph, const QuantLayer& a, const QuantLayer& b) {
  const Value& x = graph.value(a.x);
  const Value& y = graph.value(b.x);
  return a.in_channels == b.in_channels && a.groups == b.groups && a.w_axis == b.w_axis && x.spec == y.spec &&
         x.params == y.params;
}

Groups groups_of(const Graph& graph) {
  Groups groups(graph.value_slots());
  std::map<const std::byte*, QuantLayer> reader;  // of these weights, the first; only looked up, never walked through
  for (const NodeId id : graph.nodes()) {
    const std::optional<QuantLayer> layer = quant_layer_at(graph, id);
    if (!layer || !graph.value(layer->x).spec || graph.value(layer->x).spec->granularity.axis < 0) {
      continue;
    }
    const auto [first, added] = reader.emplace(graph.constant(layer->w)->bytes().data(), *layer);
    if (!added && first->second.x != layer->x && alike(graph, first->second, *layer)) {
      groups.unite(first->second.x, layer->x);
    }
  }
  return groups;
}

ValueStats join_values(const std::vector<const ValueStats*>& values) {
  ValueStats all;
  all.axis = values[0]->axis;
  for (const ValueStats* value : values) {
    all.count += value->count;
  }
  for (size_t c = 0; c < values[0]->channels.size(); ++c) {
    std::vector<const ChannelStats*> parts;
    for (const ValueStats* value : values) {
      parts.push_back(&value->channels[c]);
    }
    all.channels.push_back(joined(parts));
  }
  return all;
}

}  // namespace

std::map<ValueId, ValueStats> stats_of_shared_weights(const Graph& graph, const CalibrationTable& stats) {
  const Groups groups = groups_of(graph);
  std::map<ValueId, std::vector<const ValueStats*>> seen;
  for (const ValueId id : graph.values()) {
    const auto found = stats.values.find(graph.value(id).name);
    if (found != stats.values.end()) {
      seen[groups.first(id)].push_back(&found->second);
    }
  }
  std::map<ValueId, ValueStats> shared;
  for (const ValueId id : graph.values()) {
    const auto group = seen.find(groups.first(id));
    if (group != seen.end() && group->second.size() > 1) {
      shared.emplace(id, join_values(group->second));
    }
  }
  return shared;
}

}  // namespace dsq
