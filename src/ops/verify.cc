#include "src/ops/verify.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <unordered_set>

#include "src/ir/nested.h"
#include "src/ops/infer.h"
#include "src/ops/quant_rules.h"
#include "src/support/strings.h"

namespace dsq {
namespace {

std::string at_node(const Node& node) { return "node '" + node.name + "'"; }
std::string at_value(const Value& value) { return "value '" + value.name + "'"; }

// --- structure

Result<void> check_values(const Graph& graph) {
  std::unordered_set<std::string_view> names;
  std::vector<int64_t> uses(graph.value_slots(), 0);
  for (const NodeId id : graph.nodes()) {
    for (const ValueId input : graph.node(id).inputs) {
      uses[static_cast<size_t>(input == ValueId::none ? ValueId{0} : input)] += input == ValueId::none ? 0 : 1;
    }
  }
  for (const ValueId id : graph.values()) {
    const Value& value = graph.value(id);
    const bool is_input = std::ranges::find(graph.inputs(), id) != graph.inputs().end();
    const int sources = (is_input ? 1 : 0) + (value.constant ? 1 : 0) + (value.producer == NodeId::none ? 0 : 1);
    if (value.name.empty() || !names.insert(value.name).second) {
      return fail(Code::graph_invalid, "its name is {}", value.name.empty() ? "empty" : "taken twice")
          .at(at_value(value));
    }
    if (sources != 1) {
      return fail(Code::graph_invalid, "it has {} sources instead of one", sources).at(at_value(value));
    }
    if (static_cast<int64_t>(value.users.size()) != uses[static_cast<size_t>(id)]) {
      return fail(Code::graph_invalid, "it lists {} uses and has {}", value.users.size(), uses[static_cast<size_t>(id)])
          .at(at_value(value));
    }
    if (value.constant && value.constant->type() != value.type) {
      return fail(Code::graph_invalid, "it holds {} and is declared {}", text_of(value.constant->type()),
                  text_of(value.type))
          .at(at_value(value));
    }
  }
  return {};
}

Result<void> check_arity(const Node& node) {
  const OpDef& def = op_def(node.op);
  const auto outside = [](size_t count, int low, int high) {
    return static_cast<int>(count) < low || (high >= 0 && static_cast<int>(count) > high);
  };
  const auto wanted = [](int low, int high) {
    return high < 0      ? fmt::format("{} or more", low)
           : low == high ? fmt::format("{}", low)
                         : fmt::format("{} to {}", low, high);
  };
  if (outside(node.inputs.size(), def.min_inputs, def.max_inputs)) {
    return fail(Code::graph_invalid, "{} has {}, it takes {}", name_of(node.op), plural(node.inputs.size(), "input"),
                wanted(def.min_inputs, def.max_inputs));
  }
  if (outside(node.outputs.size(), def.min_outputs, def.max_outputs)) {
    return fail(Code::graph_invalid, "{} has {}, it gives {}", name_of(node.op), plural(node.outputs.size(), "output"),
                wanted(def.min_outputs, def.max_outputs));
  }
  for (size_t i = 0; i < static_cast<size_t>(def.min_inputs); ++i) {
    if (!node.has_input(i)) {
      return fail(Code::graph_invalid, "{} lacks its input {}", name_of(node.op), i);
    }
  }
  return {};
}

Result<void> check_node(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  Result<void> arity = check_arity(node);
  if (!arity) {
    return std::move(arity).error().at(at_node(node));
  }
  if (node.attrs.index() != default_attrs(node.op).index()) {
    return fail(Code::graph_invalid, "{} carries the attributes of another operator", name_of(node.op))
        .at(at_node(node));
  }
  for (const ValueId input : node.inputs) {
    if (input != ValueId::none && !graph.value(input).alive) {
      return fail(Code::graph_invalid, "it uses a value that was erased").at(at_node(node));
    }
  }
  for (const ValueId output : node.outputs) {
    if (output != ValueId::none && graph.value(output).producer != id) {
      return fail(Code::graph_invalid, "its output '{}' names another producer", graph.value(output).name)
          .at(at_node(node));
    }
  }
  std::string_view not_a_number;
  visit_fields(node.attrs, [&](std::string_view name, const auto& field) {
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(field)>, float>) {
      not_a_number = std::isnan(field) ? name : not_a_number;
    }
  });
  if (!not_a_number.empty()) {
    return fail(Code::graph_invalid, "its attribute '{}' is NaN", not_a_number).at(at_node(node));
  }
  for (const GraphRef* nested : nested_graphs(node.attrs)) {
    if (*nested == nullptr) {
      return fail(Code::graph_invalid, "it lacks a nested graph").at(at_node(node));
    }
    DSQ_TRY(verify_structure(**nested));
  }
  return {};
}

// --- types

Result<void> check_types(const Graph& graph) {
  Graph inferred = graph;
  DSQ_TRY(infer_types(inferred));
  for (const ValueId id : graph.values()) {
    const Value& value = graph.value(id);
    const TensorType& wanted = inferred.value(id).type;
    if (value.type != wanted) {
      return fail(value.type.dtype == wanted.dtype ? Code::shape_mismatch : Code::type_mismatch,
                  "it is declared {} and inferred {}", text_of(value.type), text_of(wanted))
          .at(at_value(value));
    }
  }
  return {};
}

// --- stages. A rule holds from its first to its last stage and says what is wrong, or nothing.

using Wrong = std::string;  // empty: nothing is

Wrong quantized_too_early(const Graph&, const Value& value) {
  const bool imported = value.spec && value.spec->range == RangeSource::fixed && value.params;
  if ((value.spec || value.params) && !imported) {
    return "it is quantized before planning";
  }
  return {};
}

Wrong params_too_early(const Graph&, const Value& value) {
  if (value.params && (!value.spec || value.spec->range != RangeSource::fixed) && !value.constant) {
    return "it has params before calibration, and its range is not fixed";
  }
  return {};
}

Wrong spec_without_params(const Graph&, const Value& value) {
  const bool static_integers =
      value.spec && is_integer(value.spec->storage) &&
      (value.spec->range == RangeSource::fixed || value.spec->range == RangeSource::calibrated);
  if (static_integers && !value.params && !value.constant) {
    return "it has a spec without params after calibration";
  }
  return {};
}

Wrong weights_not_stored(const Graph&, const Value& value) {
  if (!value.constant || !value.spec) {
    return {};
  }
  const bool lacks_params = is_integer(value.spec->storage) && !value.params;
  if (lacks_params || value.type.dtype != value.spec->storage) {
    return fmt::format("its spec wants {} and it is stored as {}{}", name_of(value.spec->storage),
                       name_of(value.type.dtype), lacks_params ? " without params" : "");
  }
  return {};
}

Wrong storage_not_settled(const Graph&, const Value& value) {
  if (value.spec && value.type.dtype != value.spec->storage) {
    return fmt::format("its spec wants {} and it is still {}", name_of(value.spec->storage), name_of(value.type.dtype));
  }
  return {};
}

Wrong spec_impossible(const Graph&, const Value& value) { return value.spec ? wrong_with(*value.spec) : Wrong(); }

Wrong params_misfit(const Graph&, const Value& value) {
  if (!value.params) {
    return {};
  }
  const bool stored = is_integer(value.type.dtype) && bits_of(value.type.dtype) <= 32;
  return wrong_with(*value.params, value.type,
                    stored       ? std::optional(value.type.dtype)
                    : value.spec ? std::optional(value.spec->storage)
                                 : std::nullopt);
}

struct ValueRule {
  Stage first;
  Stage last;
  Wrong (*wrong)(const Graph&, const Value&);
};
constexpr auto kValueRules = std::to_array<ValueRule>({
    {Stage::floating, Stage::floating, quantized_too_early},
    {Stage::floating, Stage::planned, params_too_early},
    {Stage::calibrated, Stage::quantized, spec_without_params},
    {Stage::quantized, Stage::quantized, weights_not_stored},
    {Stage::floating, Stage::lowered, spec_impossible},
    {Stage::floating, Stage::lowered, params_misfit},
    {Stage::lowered, Stage::lowered, storage_not_settled},
});

bool is_lowered_op(OpKind op) {
  using enum OpKind;
  return op == lut || op == qadd || op == qavg_pool || op == qconv || op == qconv_transpose || op == qlinear;
}

Wrong lowered_too_early(const Graph&, const Node& node) {
  if (is_lowered_op(node.op)) {
    return fmt::format("{} belongs to a lowered graph", name_of(node.op));
  }
  return {};
}

Wrong marker_too_early(const Graph&, const Node& node) {
  if (node.op == OpKind::requantize) {
    return "requantize marks what planning decides";
  }
  return {};
}

// Between planning and lowering, requantize is a marker: it passes its input on and carries a spec.
Wrong marker_without_spec(const Graph& graph, const Node& node) {
  if (node.op == OpKind::requantize && !graph.value(node.outputs[0]).spec) {
    return "requantize marks nothing: its output has no spec";
  }
  return {};
}

Wrong layer_of_integers(const Graph& graph, const Node& node) {
  if (op_def(node.op).rule != QuantRule::layer) {
    return {};
  }
  for (const ValueId input : node.inputs) {
    if (input != ValueId::none && !is_float(graph.value(input).type.dtype)) {
      return fmt::format("the float operator {} gets the integers of '{}'", name_of(node.op), graph.value(input).name);
    }
  }
  return {};
}

// Only storing gives layers weights of another type than their inputs.
Wrong layer_of_two_types(const Graph& graph, const Node& node) {
  if (op_def(node.op).rule != QuantRule::layer) {
    return {};
  }
  const Value& x = graph.value(node.inputs[0]);
  for (const ValueId input : node.inputs) {
    if (input != ValueId::none && graph.value(input).type.dtype != x.type.dtype) {
      return fmt::format("{} gets '{}' as {} and '{}' as {}", name_of(node.op), x.name, name_of(x.type.dtype),
                         graph.value(input).name, name_of(graph.value(input).type.dtype));
    }
  }
  return {};
}

struct NodeRule {
  Stage first;
  Stage last;
  Wrong (*wrong)(const Graph&, const Node&);
};
constexpr auto kNodeRules = std::to_array<NodeRule>({
    {Stage::floating, Stage::quantized, lowered_too_early},
    {Stage::floating, Stage::floating, marker_too_early},
    {Stage::planned, Stage::quantized, marker_without_spec},
    {Stage::floating, Stage::calibrated, layer_of_two_types},
    {Stage::lowered, Stage::lowered, layer_of_integers},
});

Error violation(const Graph& graph, const std::string& wrong) {
  return fail(Code::stage_violation, "{} (stage {})", wrong, name_of(graph.stage));
}

Result<void> check_stage(const Graph& graph) {
  for (const ValueRule& rule : kValueRules) {
    if (graph.stage < rule.first || graph.stage > rule.last) {
      continue;
    }
    for (const ValueId id : graph.values()) {
      if (const Wrong wrong = rule.wrong(graph, graph.value(id)); !wrong.empty()) {
        return violation(graph, wrong).at(at_value(graph.value(id)));
      }
    }
  }
  for (const NodeRule& rule : kNodeRules) {
    if (graph.stage < rule.first || graph.stage > rule.last) {
      continue;
    }
    for (const NodeId id : graph.nodes()) {
      if (const Wrong wrong = rule.wrong(graph, graph.node(id)); !wrong.empty()) {
        return violation(graph, wrong).at(at_node(graph.node(id)));
      }
    }
  }
  return {};
}

}  // namespace

Result<void> verify_structure(const Graph& graph) {
  DSQ_TRY(check_values(graph));
  for (const NodeId id : graph.nodes()) {
    DSQ_TRY(check_node(graph, id));
  }
  for (const ValueId id : graph.outputs()) {
    if (id == ValueId::none || !graph.value(id).alive) {
      return fail(Code::graph_invalid, "an output does not exist").at("graph '" + graph.name + "'");
    }
  }
  if (graph.topo_order().size() != graph.nodes().size()) {
    return fail(Code::graph_invalid, "the graph has a cycle").at("graph '" + graph.name + "'");
  }
  return {};
}

Result<void> verify(const Graph& graph) {
  DSQ_TRY(verify_structure(graph));
  DSQ_TRY(check_types(graph));
  return check_stage(graph);
}

}  // namespace dsq
