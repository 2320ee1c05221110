#include "passes/plan_rules.h"

#include <algorithm>

#include "src/ir/nested.h"
#include "src/support/strings.h"

namespace dsq {
namespace {

// Nodes without a name go by that of their first output, as in reports.
const std::string& label_of(const Graph& graph, const Node& node) {
  return node.name.empty() ? graph.value(node.outputs[0]).name : node.name;
}

// What --keep looks at.
struct Layer {
  std::string label;
  OpKind op;
};

// Ours, and those of ONNX that become it.
std::vector<std::string> op_names(OpKind op) {
  std::vector<std::string> names = {std::string(name_of(op))};
  switch (op) {
    case OpKind::conv: names.emplace_back("Conv"); break;
    case OpKind::conv_transpose: names.emplace_back("ConvTranspose"); break;
    case OpKind::linear: names.insert(names.end(), {"Gemm", "MatMul"}); break;
    default: break;
  }
  return names;
}

// Operators in any case: exporters write Conv, we write conv.
bool matches(const Keep& keep, const Layer& layer) {
  return glob_match(keep.pattern, layer.label) || std::ranges::any_of(op_names(layer.op), [&](const std::string& name) {
           return glob_match(lower(keep.pattern), lower(name));
         });
}

const Keep* kept(const Recipe& recipe, const Graph& graph, const Node& node) {
  const Layer layer{label_of(graph, node), node.op};
  const Keep* last = nullptr;
  for (const Keep& keep : recipe.keep) {
    last = matches(keep, layer) ? &keep : last;
  }
  return last;
}

// The layers of a graph and of the graphs within it.
void collect_layers(const Graph& graph, std::vector<Layer>& layers) {
  for (const NodeId id : graph.nodes()) {
    if (quant_layer_at(graph, id)) {
      layers.push_back({label_of(graph, graph.node(id)), graph.node(id).op});
    }
    for (const GraphRef* nested : nested_graphs(graph.node(id).attrs)) {
      collect_layers(**nested, layers);
    }
  }
}

}  // namespace

Edges edges_of(const Graph& graph) {
  Edges edges;
  const std::vector<NodeId> order = graph.topo_order();
  std::vector<bool> behind(graph.value_slots(), false);  // values that depend on a layer
  std::vector<NodeId> layers;
  for (const NodeId id : order) {
    const Node& node = graph.node(id);
    const bool layer = quant_layer_at(graph, id).has_value();
    const bool after = std::ranges::any_of(
        node.inputs, [&](ValueId v) { return v != ValueId::none && behind[static_cast<size_t>(v)]; });
    if (layer && !after) {
      edges.insert(id);
    }
    for (const ValueId output : node.outputs) {
      if (output != ValueId::none) {
        behind[static_cast<size_t>(output)] = layer || after;
      }
    }
  }
  std::vector<bool> before(graph.value_slots(), false);  // values on which a layer depends
  for (size_t i = order.size(); i-- > 0;) {
    const Node& node = graph.node(order[i]);
    const bool layer = quant_layer_at(graph, order[i]).has_value();
    const bool feeds = std::ranges::any_of(
        node.outputs, [&](ValueId v) { return v != ValueId::none && before[static_cast<size_t>(v)]; });
    if (layer && !feeds) {
      edges.insert(order[i]);
    }
    for (const ValueId input : node.inputs) {
      if (input != ValueId::none && (layer || feeds)) {
        before[static_cast<size_t>(input)] = true;
      }
    }
  }
  return edges;
}

Decision decide(const Recipe& recipe, const Graph& graph, const Node& node, bool edge) {
  if (const Keep* keep = kept(recipe, graph, node)) {
    const bool integers = is_integer(keep->precision);
    return {keep->precision, integers && is_integer(recipe.act) ? keep->precision : Precision::floating};
  }
  Decision decision{recipe.weights, recipe.act};
  if (edge && !recipe.edges_at_act) {
    decision.act = decision.act == Precision::int4 ? Precision::int8 : decision.act;
    decision.weights = decision.weights == Precision::int4 ? Precision::int8 : decision.weights;
  }
  const auto planned = recipe.plan.find(label_of(graph, node));
  if (planned != recipe.plan.end() && is_integer(recipe.act)) {
    decision.act = planned->second;
  }
  if (is_integer(decision.act) && !is_integer(decision.weights)) {
    decision.act = Precision::floating;
  }
  return decision;
}

bool is_kept(const Recipe& recipe, const Graph& graph, const Node& node) {
  return kept(recipe, graph, node) != nullptr;
}

RangeSource range_at_run_time(const Graph& graph, const QuantLayer& layer) {
  const bool sequence = graph.node(layer.node).op == OpKind::linear && graph.value(layer.x).type.rank() > 2;
  return sequence ? RangeSource::per_token : RangeSource::per_sample;
}

int weight_bits(const Recipe& recipe, const Graph& graph, const Node& node, DType storage) {
  if (storage == DType::i4) {
    return 4;
  }
  return recipe.weights == Precision::int6 && kept(recipe, graph, node) == nullptr ? 6 : 8;
}

std::optional<std::string> unknown_layer(const Graph& graph, const Plan& plan) {
  std::vector<std::string> names;
  for (const NodeId id : graph.nodes()) {
    if (quant_layer_at(graph, id)) {
      names.push_back(label_of(graph, graph.node(id)));
    }
  }
  for (const auto& planned : plan) {
    if (std::ranges::find(names, planned.first) == names.end()) {
      const std::string near = nearest(planned.first, names);
      return fmt::format("'{}'{}", planned.first, near.empty() ? "" : "; nearest is '" + near + "'");
    }
  }
  return std::nullopt;
}

Result<void> check_selectors(const Graph& graph, const Recipe& recipe) {
  std::vector<Layer> layers;
  collect_layers(graph, layers);
  std::vector<std::string> names;
  for (const Layer& layer : layers) {
    names.push_back(layer.label);
    const std::vector<std::string> ops = op_names(layer.op);
    names.insert(names.end(), ops.begin(), ops.end());
  }
  for (const Keep& keep : recipe.keep) {
    if (std::ranges::none_of(layers, [&](const Layer& layer) { return matches(keep, layer); })) {
      const std::string near = nearest(keep.pattern, names);
      return fail(Code::selector_unmatched, "--keep '{}' matches no layer{}", keep.pattern,
                  near.empty() ? "" : "; nearest is '" + near + "'");
    }
  }
  if (const std::optional<std::string> unknown = unknown_layer(graph, recipe.plan)) {
    return fail(Code::selector_unmatched, "--layer: there is no layer {}", *unknown);
  }
  return {};
}

Recipe recipe_within(const Recipe& recipe, const Graph& nested) {
  Recipe within = recipe;
  within.calibrated = false;
  within.plan.clear();
  std::vector<Layer> layers;
  collect_layers(nested, layers);
  std::erase_if(within.keep, [&](const Keep& keep) {
    return std::ranges::none_of(layers, [&](const Layer& layer) { return matches(keep, layer); });
  });
  return within;
}

std::optional<std::string> stays_float(const Graph& graph, const QuantLayer& layer) {
  if (!graph.is_constant(layer.w)) {
    return "its weights are computed at run time";
  }
  if (graph.value(layer.x).type.dtype != DType::f32 || graph.constant(layer.w)->dtype() != DType::f32) {
    return "it does not compute in fp32";
  }
  if (layer.bias != ValueId::none && !graph.is_constant(layer.bias)) {
    return "its bias is computed at run time";
  }
  if (graph.value(layer.x).type.rank() == 1) {
    return "its input has no axis of samples";
  }
  if (graph.is_constant(layer.x)) {
    return "its input is a constant";
  }
  const Node& node = graph.node(layer.node);
  const bool adds = node.op == OpKind::linear ? node.as<LinearAttrs>().adds : node.as<ConvAttrs>().adds;
  if (adds) {
    return "a sum is fused into it";
  }
  return std::nullopt;
}

bool activation_is_clip(const Activation& act) { return act.kind == ActKind::none || act.kind == ActKind::clip; }

}  // namespace dsq
