#include "passes/match.h"

#include <algorithm>
#include <cmath>

namespace dsq {

std::optional<NodeId> producer_of(const Graph& graph, ValueId value, OpKind op) {
  if (value == ValueId::none || graph.value(value).producer == NodeId::none) {
    return std::nullopt;
  }
  const NodeId node = graph.value(value).producer;
  return graph.node(node).op == op ? std::optional<NodeId>(node) : std::nullopt;
}

std::optional<NodeId> sole_user(const Graph& graph, ValueId value) {
  const std::vector<NodeId>& users = graph.value(value).users;
  return users.size() == 1 && !graph.is_output(value) ? std::optional<NodeId>(users[0]) : std::nullopt;
}

std::optional<NodeId> sole_user(const Graph& graph, ValueId value, OpKind op) {
  const std::optional<NodeId> user = sole_user(graph, value);
  return user && graph.node(*user).op == op ? user : std::nullopt;
}

bool is_f32(const Graph& graph, ValueId value) { return graph.value(value).type.dtype == DType::f32; }

int64_t rank_of(const Graph& graph, ValueId value) { return graph.value(value).type.rank(); }

ValueId output_of(const Graph& graph, NodeId node) { return graph.node(node).outputs.front(); }

std::optional<double> constant_scalar(const Graph& graph, ValueId value) {
  const Tensor* constant = graph.constant(value);
  const bool numeric = constant != nullptr && constant->dtype() != DType::boolean;
  return numeric && constant->count() == 1 ? std::optional<double>(element(*constant, 0)) : std::nullopt;
}

std::optional<Shape> constant_ints(const Graph& graph, ValueId value) {
  const Tensor* constant = graph.constant(value);
  return constant != nullptr && is_integer(constant->dtype()) && constant->rank() <= 1
             ? std::optional<Shape>(to_ints(*constant))
             : std::nullopt;
}

std::optional<ConstantOperand> constant_operand(const Graph& graph, NodeId node) {
  const std::vector<ValueId>& inputs = graph.node(node).inputs;
  if (inputs.size() != 2) {
    return std::nullopt;
  }
  const Tensor* first = graph.constant(inputs[0]);
  const Tensor* second = graph.constant(inputs[1]);
  if ((first == nullptr) == (second == nullptr)) {
    return std::nullopt;
  }
  return first != nullptr ? ConstantOperand{inputs[1], first, true} : ConstantOperand{inputs[0], second, false};
}

std::optional<std::vector<double>> per_channel(const Tensor& constant, int64_t rank, int64_t axis, int64_t channels) {
  const Shape& shape = constant.shape();
  const int64_t offset = rank - constant.rank();  // of the constant's first axis within the value
  if (rank == kUnknown || offset < 0 || !is_float(constant.dtype())) {
    return std::nullopt;
  }
  for (size_t i = 0; i < shape.size(); ++i) {
    const bool is_channel = offset + static_cast<int64_t>(i) == axis;
    if (shape[i] != 1 && !(is_channel && shape[i] == channels)) {
      return std::nullopt;
    }
  }
  std::vector<double> values(static_cast<size_t>(channels));
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = element(constant, constant.count() == 1 ? 0 : static_cast<int64_t>(i));
  }
  return values;
}

bool is_scalar_for(const Tensor& constant, int64_t rank) {
  return rank != kUnknown && constant.count() == 1 && constant.rank() <= rank;
}

bool all_close(const std::vector<double>& values, double wanted) {
  return std::ranges::all_of(values, [&](double v) { return std::abs(v - wanted) <= 1e-12 * std::abs(wanted); });
}

bool all_finite(const Tensor& f32) {
  return std::ranges::all_of(f32.values<float>(), [](float v) { return std::isfinite(v); });
}

bool is_plain_arithmetic(const Graph& graph, NodeId node, OpKind op) {
  const Node& n = graph.node(node);
  const auto* act = std::get_if<ActAttrs>(&n.attrs);
  return n.op == op && (act == nullptr || act->act == ActKind::none);
}

std::string label_of(const Graph& graph, NodeId node) {
  const Node& n = graph.node(node);
  const auto output = std::ranges::find_if(n.outputs, [](ValueId id) { return id != ValueId::none; });
  return n.name.empty() && output != n.outputs.end() ? graph.value(*output).name : n.name;
}

bool rewrite_nodes(Graph& graph, Diagnostics& diag, const std::function<bool(NodeId)>& f) {
  bool changed = false;
  for (bool again = true; again;) {
    again = false;
    diag.restart_pass();
    for (const NodeId id : graph.topo_order()) {
      again |= graph.node(id).alive && f(id);
    }
    changed |= again;
  }
  return changed;
}

void erase_unused(Graph& graph, ValueId value) {
  if (value == ValueId::none || !graph.value(value).alive || !graph.value(value).users.empty() ||
      graph.is_output(value)) {
    return;
  }
  const NodeId producer = graph.value(value).producer;
  if (producer == NodeId::none) {
    if (graph.is_constant(value)) {
      graph.erase_value(value);
    }
    return;
  }
  const bool used = std::ranges::any_of(graph.node(producer).outputs, [&](ValueId output) {
    return output != ValueId::none && (!graph.value(output).users.empty() || graph.is_output(output));
  });
  if (used) {
    return;
  }
  const std::vector<ValueId> inputs = graph.node(producer).inputs;
  graph.erase_node(producer);
  for (const ValueId input : inputs) {
    erase_unused(graph, input);
  }
}

namespace {

// `fresh` holds from here on what `old` held: its type, and the range that came with the model, if any.
void stand_for(Graph& graph, ValueId fresh, ValueId old) {
  graph.set_type(fresh, graph.value(old).type);
  graph.set_spec(fresh, graph.value(old).spec);
  graph.set_params(fresh, graph.value(old).params);
}

}  // namespace

void absorb_user(Graph& graph, NodeId layer, NodeId user) {
  const ValueId kept = output_of(graph, layer);
  const ValueId old = output_of(graph, user);
  const std::string name = graph.value(old).name;
  stand_for(graph, kept, old);
  const std::vector<ValueId> inputs = graph.node(user).inputs;
  graph.replace_uses(old, kept);
  graph.erase_node(user);
  graph.rename(kept, name);  // free now; already so when it was an output's name
  for (const ValueId input : inputs) {
    if (input != kept) {
      erase_unused(graph, input);
    }
  }
}

NodeId replace_value(Graph& graph, ValueId old, OpKind op, const std::string& node_name, Attrs attrs,
                     std::vector<ValueId> inputs) {
  const std::string name = graph.value(old).name;
  const NodeId made = graph.add_node(op, node_name, std::move(attrs), std::move(inputs), {name});
  const ValueId output = output_of(graph, made);
  stand_for(graph, output, old);
  graph.replace_uses(old, output);
  erase_unused(graph, old);
  graph.rename(output, name);
  return made;
}

bool forward_value(Graph& graph, ValueId old, ValueId by) {
  if (graph.is_output(old)) {
    if (graph.value(by).producer == NodeId::none || graph.is_output(by)) {
      return false;
    }
    graph.replace_uses(old, by);  // `by` has the output's name now
  } else {
    graph.replace_uses(old, by);
  }
  erase_unused(graph, old);
  return true;
}

void replace_constant(Graph& graph, NodeId node, size_t index, const std::string& name, Tensor tensor) {
  const ValueId present = graph.node(node).input(index);
  if (present != ValueId::none && graph.is_constant(present) && sole_user(graph, present)) {
    graph.set_constant(present, std::move(tensor));
    return;
  }
  graph.set_input(node, index,
                  graph.add_constant(present == ValueId::none ? name : graph.value(present).name, std::move(tensor)));
  erase_unused(graph, present);
}

}  // namespace dsq
