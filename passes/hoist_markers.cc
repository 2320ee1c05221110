// hoist_markers: lets operators that only move or choose values work on integers.
//
//   Before  %p = max_pool(%x)   %p.u4 = requantize(%p)   conv(%p.u4, ...)
//   After   %x.u4 = requantize(%x)   %p = max_pool(%x.u4)   conv(%p, ...)       with the params of %p.u4 on both
//
// Only for static ranges (the same scale before and after), and only where every user of %p reads it through a marker.
// Where there are several, the finest moves up and the others read integers. A concat hands the params to all its
// inputs; scales for each channel pass operators that keep the channel axis, and are cut at a concat along it.
#include <algorithm>

#include "passes/marker.h"
#include "passes/passes.h"
#include "src/ops/op_def.h"

namespace dsq {
namespace {

// The inputs whose elements make up the output, when the operator handles any element type.
std::vector<size_t> moved_inputs(const Node& node) {
  std::vector<size_t> moved;
  if (node.op == OpKind::concat) {
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      moved.push_back(i);
    }
  } else if (op_def(node.op).rule == QuantRule::same_scale && node.outputs.size() == 1) {
    moved.push_back(0);
  }
  return moved;
}

// One scale has no axis, so that operators that change the shape may pass it on.
QuantParams one_scale(QuantParams params) {
  params.granularity.axis = -1;
  return params;
}

// The params for one input of the operator; nothing when they cannot be handed through.
std::optional<QuantParams> handed(const Graph& graph, const Node& node, size_t input, const QuantParams& params) {
  const int32_t axis = params.granularity.axis;
  if (params.scale.size() <= 1) {
    return one_scale(params);
  }
  if (keeps_channels(node.op, axis)) {
    return params;
  }
  if (node.op != OpKind::concat) {
    return std::nullopt;
  }
  const TensorType& out = graph.value(node.outputs[0]).type;
  int64_t along = node.as<AxisAttrs>().axis;
  along = along < 0 ? along + out.rank() : along;
  if (along != axis) {
    return params;
  }
  size_t first = 0;
  for (size_t i = 0; i <= input; ++i) {
    const TensorType& type = graph.value(node.inputs[i]).type;
    if (type.rank() <= axis || (*type.shape)[static_cast<size_t>(axis)] < 0) {
      return std::nullopt;
    }
    const auto count = static_cast<size_t>((*type.shape)[static_cast<size_t>(axis)]);
    if (i < input) {
      first += count;
      continue;
    }
    QuantParams cut = params;
    cut.scale.assign(params.scale.begin() + static_cast<int64_t>(first),
                     params.scale.begin() + static_cast<int64_t>(first + count));
    if (params.zero_point.size() > 1) {
      cut.zero_point.assign(params.zero_point.begin() + static_cast<int64_t>(first),
                            params.zero_point.begin() + static_cast<int64_t>(first + count));
    }
    return cut.scale.size() == 1 ? one_scale(cut) : cut;
  }
  return std::nullopt;
}

bool hoist(Graph& graph, NodeId id) {
  const Node node = graph.node(id);
  const std::vector<size_t> moved = moved_inputs(node);
  if (moved.empty() || graph.is_output(node.outputs[0])) {
    return false;
  }
  const std::optional<NodeId> marker = finest_static_marker(graph, node.outputs[0]);
  if (!marker) {
    return false;
  }
  const ValueId marked = graph.node(*marker).outputs[0];
  const QuantSpec spec = *graph.value(marked).spec;
  const QuantParams params = *graph.value(marked).params;
  std::vector<QuantParams> each;
  for (const size_t i : moved) {
    std::optional<QuantParams> own = handed(graph, node, i, params);
    if (!own || graph.is_constant(node.inputs[i])) {
      return false;
    }
    each.push_back(std::move(*own));
  }
  for (size_t i = 0; i < moved.size(); ++i) {
    const ValueId out = add_marker(graph, node.inputs[moved[i]], spec, each[i]);
    graph.set_input(id, moved[i], out);
  }
  graph.set_spec(node.outputs[0], spec);
  graph.set_params(node.outputs[0], params);
  graph.replace_uses(marked, node.outputs[0]);
  graph.erase_node(*marker);
  return true;
}

}  // namespace

Result<bool> hoist_markers(Graph& graph, PassContext&) {
  bool changed = false;
  std::vector<NodeId> order = graph.topo_order();
  std::ranges::reverse(order);  // users first, so that markers climb chains
  for (const NodeId id : order) {
    changed = (!is_marker(graph, id) && hoist(graph, id)) || changed;
  }
  return changed;
}

}  // namespace dsq
