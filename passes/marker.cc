#include "passes/marker.h"

namespace dsq {

bool is_marker(const Graph& graph, NodeId id) {
  return graph.node(id).op == OpKind::requantize && graph.node(id).inputs.size() == 1;
}

ValueId add_marker(Graph& graph, ValueId x, const QuantSpec& spec, std::optional<QuantParams> params) {
  const std::string name = graph.value(x).name + "." + std::string(name_of(spec.storage));
  const NodeId node = graph.add_node(OpKind::requantize, name, NoAttrs{}, {x}, {name});
  const ValueId marked = graph.node(node).outputs[0];
  graph.set_type(marked, graph.value(x).type);
  graph.set_spec(marked, spec);
  graph.set_params(marked, std::move(params));
  return marked;
}

ValueId Markers::on(ValueId x, const QuantSpec& spec) {
  const auto key = std::tuple(x, spec.storage, spec.granularity.axis, spec.range);
  const auto found = made_.find(key);
  if (found != made_.end()) {
    return found->second;
  }
  const bool fixed = spec.range == RangeSource::fixed;
  const ValueId marked = add_marker(graph_, x, spec, fixed ? graph_.value(x).params : std::nullopt);
  made_.emplace(key, marked);
  return marked;
}

ValueId Markers::on(ValueId x) {
  QuantSpec spec;
  spec.storage = DType::u8;
  const auto key = std::tuple(x, spec.storage, spec.granularity.axis, spec.range);
  const auto present = made_.find(key);
  std::optional<ValueId> one = present == made_.end() ? std::nullopt : std::optional(present->second);
  for (auto at = made_.begin(); at != made_.end();) {
    const auto [value, storage, axis, range] = at->first;
    if (value != x || storage != spec.storage || axis < 0 || range != spec.range) {
      ++at;
      continue;
    }
    if (one) {
      graph_.replace_uses(at->second, *one);
      graph_.erase_node(graph_.value(at->second).producer);
    } else {
      one = at->second;
      graph_.set_spec(*one, spec);
    }
    at = made_.erase(at);
  }
  if (!one) {
    return on(x, spec);
  }
  made_.emplace(key, *one);
  return *one;
}

void drop_marker(Graph& graph, NodeId marker) {
  const ValueId marked = graph.node(marker).outputs[0];
  graph.set_spec(marked, std::nullopt);
  graph.set_params(marked, std::nullopt);
  graph.replace_uses(marked, graph.node(marker).inputs[0]);
  graph.erase_node(marker);
}

namespace {

// The scales of tokens, [..., 1], so that each goes with the last axis of what it scales.
ValueId along_tokens(Graph& graph, ValueId scales) {
  const ValueId axis = graph.add_constant(graph.value(scales).name + ".axis", Tensor::of<int64_t>({1}, {-1}));
  const NodeId node =
      graph.add_node(OpKind::unsqueeze, "", NoAttrs{}, {scales, axis}, {graph.value(scales).name + ".1"});
  return graph.node(node).outputs[0];
}

}  // namespace

void spell_out_marker(Graph& graph, NodeId marker) {
  const Node node = graph.node(marker);
  const ValueId marked = node.outputs[0];
  const std::optional<QuantSpec> spec = graph.value(marked).spec;
  const std::optional<QuantParams> params = graph.value(marked).params;
  const std::optional<Shape> shape = graph.value(marked).type.shape;
  const bool known = is_static_integer(graph, marked) && params;
  const bool token = spec && spec->range == RangeSource::per_token;
  const bool taken = spec && is_integer(spec->storage) && (token || spec->range == RangeSource::per_sample);
  if (!known && !taken) {
    return drop_marker(graph, marker);
  }
  const std::string name = graph.value(marked).name;
  std::vector<ValueId> levels;
  if (known) {
    const NodeId q = graph.add_node(OpKind::quantize, node.name,
                                    QuantizeAttrs{params->granularity.axis, params->granularity.group, spec->storage},
                                    {node.inputs[0]}, {name + ".levels"});
    levels = graph.node(q).outputs;
    graph.set_params(levels[0], params);
  } else {
    const NodeId q = graph.add_node(OpKind::dynamic_quantize, node.name,
                                    DynamicQuantizeAttrs{spec->storage, token ? RangeAxis::token : RangeAxis::sample},
                                    {node.inputs[0]}, {name + ".levels", name + ".scale", name + ".zero"});
    levels = graph.node(q).outputs;
    for (size_t i = 1; token && i < levels.size(); ++i) {
      levels[i] = along_tokens(graph, levels[i]);
    }
  }
  graph.set_type(levels[0], {spec->storage, shape});
  const NodeId r = graph.add_node(OpKind::dequantize, node.name, QuantizeAttrs{known ? -1 : 0, 0, DType::f32}, levels,
                                  {name + ".reals"});
  const ValueId reals = graph.node(r).outputs[0];
  graph.set_type(reals, {DType::f32, shape});
  graph.replace_uses(marked, reals);
  graph.erase_node(marker);
}

bool is_static_integer(const Graph& graph, ValueId id) {
  if (id == ValueId::none || graph.is_constant(id)) {
    return false;
  }
  const Value& value = graph.value(id);
  return value.spec && value.params && value.spec->storage != DType::f16 &&
         (value.spec->range == RangeSource::calibrated || value.spec->range == RangeSource::fixed);
}

bool keeps_channels(OpKind op, int32_t axis) {
  return op == OpKind::identity || (op == OpKind::max_pool && axis < 2);  // behind them are the axes that it pools over
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
