#include "passes/norm_match.h"

#include <algorithm>

namespace dsq {
namespace {

// The axes that a reduction works on, non-negative and sorted.
std::optional<Shape> axes_of(const Graph& graph, const Node& node) {
  const auto& attrs = node.as<ReduceAttrs>();
  const int64_t rank = rank_of(graph, node.inputs[0]);
  if (!attrs.keepdims || rank == kUnknown) {
    return std::nullopt;
  }
  Shape axes;
  if (node.has_input(1)) {
    const std::optional<Shape> given = constant_ints(graph, node.input(1));
    if (!given || (given->empty() && attrs.noop_with_empty_axes)) {
      return std::nullopt;
    }
    axes = *given;
  }
  if (axes.empty()) {
    for (int64_t i = 0; i < rank; ++i) {
      axes.push_back(i);
    }
  }
  for (int64_t& axis : axes) {
    axis += axis < 0 ? rank : 0;
  }
  std::ranges::sort(axes);
  return axes;
}

// The d of pow(d, 2) or d * d.
std::optional<ValueId> squared(const Graph& graph, ValueId value) {
  const NodeId producer = graph.value(value).producer;
  if (producer == NodeId::none) {
    return std::nullopt;
  }
  const Node& node = graph.node(producer);
  const bool is_square = (is_plain_arithmetic(graph, producer, OpKind::mul) && node.inputs[0] == node.inputs[1]) ||
                         (node.op == OpKind::pow && constant_scalar(graph, node.inputs[1]) == 2.0);
  return is_square ? std::optional<ValueId>(node.inputs[0]) : std::nullopt;
}

bool same_difference(const Graph& graph, ValueId a, ValueId b) {
  if (a == b) {
    return true;
  }
  const std::optional<NodeId> first = producer_of(graph, a, OpKind::sub);
  const std::optional<NodeId> second = producer_of(graph, b, OpKind::sub);
  return first && second && graph.node(*first).inputs == graph.node(*second).inputs;
}

// A user of `value` for which f is true.
template <class F>
std::optional<NodeId> user_with(const Graph& graph, ValueId value, F f) {
  for (const NodeId user : graph.value(value).users) {
    if (f(graph.node(user), user)) {
      return user;
    }
  }
  return std::nullopt;
}

bool is_power(const Graph& graph, const Node& node, double exponent) {
  return node.op == OpKind::pow && constant_scalar(graph, node.inputs[1]) == exponent;
}

// From 1 / root on, or from the root on when `by_division`.
void find_quotient(const Graph& graph, Normalized& found, ValueId factor, bool by_division) {
  const OpKind op = by_division ? OpKind::div : OpKind::mul;
  const std::optional<NodeId> quotient = user_with(graph, factor, [&](const Node& node, NodeId id) {
    if (!is_plain_arithmetic(graph, id, op)) {
      return false;
    }
    const bool in_order = node.inputs[1] == factor && same_difference(graph, node.inputs[0], found.d);
    return in_order || (!by_division && node.inputs[0] == factor && same_difference(graph, node.inputs[1], found.d));
  });
  if (quotient) {
    found.y = output_of(graph, *quotient);
  }
}

}  // namespace

std::optional<Normalized> normalized_by(const Graph& graph, NodeId mean_of_squares, std::string& refused) {
  const Node& mean = graph.node(mean_of_squares);
  const std::optional<ValueId> d = mean.op == OpKind::reduce_mean ? squared(graph, mean.inputs[0]) : std::nullopt;
  const std::optional<Shape> axes = d ? axes_of(graph, mean) : std::nullopt;
  if (!axes) {
    return std::nullopt;
  }
  Normalized found;
  found.d = *d;
  found.axes = *axes;
  found.axis = axes->front();
  const std::optional<NodeId> sum = user_with(graph, output_of(graph, mean_of_squares), [&](const Node&, NodeId id) {
    const std::optional<ConstantOperand> operand = constant_operand(graph, id);
    return is_plain_arithmetic(graph, id, OpKind::add) && operand &&
           is_scalar_for(*operand->constant, rank_of(graph, *d));
  });
  if (!sum) {
    return std::nullopt;
  }
  found.epsilon = static_cast<float>(element(*constant_operand(graph, *sum)->constant, 0));
  const ValueId variance = output_of(graph, *sum);
  const std::optional<NodeId> root = user_with(
      graph, variance, [&](const Node& node, NodeId) { return node.op == OpKind::sqrt || is_power(graph, node, 0.5); });
  std::optional<NodeId> inverse =
      user_with(graph, variance, [&](const Node& node, NodeId) { return is_power(graph, node, -0.5); });
  if (root && !inverse) {
    const ValueId deviation = output_of(graph, *root);
    find_quotient(graph, found, deviation, true);
    inverse = user_with(graph, deviation, [&](const Node& node, NodeId id) {
      const bool one_over = is_plain_arithmetic(graph, id, OpKind::div) && node.inputs[1] == deviation &&
                            constant_scalar(graph, node.inputs[0]) == 1.0;
      return node.op == OpKind::reciprocal || one_over || is_power(graph, node, -1);
    });
  }
  if (found.y == ValueId::none && inverse) {
    found.reciprocal = output_of(graph, *inverse);
    find_quotient(graph, found, found.reciprocal, false);
  }
  if (found.y == ValueId::none && found.reciprocal == ValueId::none) {
    return std::nullopt;
  }
  const int64_t rank = rank_of(graph, *d);
  for (size_t i = 0; i < axes->size(); ++i) {
    if ((*axes)[i] != rank - static_cast<int64_t>(axes->size() - i)) {
      refused = fmt::format("stays taken apart: it normalizes the axes {} of {}, which are not the last ones",
                            text_of(*axes), rank);
      return std::nullopt;
    }
  }
  return found;
}

std::optional<Centred> centred(const Graph& graph, ValueId d, const Shape& axes) {
  const std::optional<NodeId> difference = producer_of(graph, d, OpKind::sub);
  if (!difference || !is_plain_arithmetic(graph, *difference, OpKind::sub)) {
    return std::nullopt;
  }
  const ValueId x = graph.node(*difference).inputs[0];
  const ValueId mean = graph.node(*difference).inputs[1];
  const std::optional<NodeId> reduction = producer_of(graph, mean, OpKind::reduce_mean);
  const bool of_x =
      reduction && graph.node(*reduction).inputs[0] == x && axes_of(graph, graph.node(*reduction)) == axes;
  return of_x ? std::optional<Centred>({x, mean}) : std::nullopt;
}

std::optional<Tensor> filled_parameter(const Graph& graph, ValueId x, int64_t axis, float value) {
  const std::optional<Shape>& shape = graph.value(x).type.shape;
  if (!shape) {
    return std::nullopt;
  }
  const Shape normalized(shape->begin() + axis, shape->end());
  if (!is_known(normalized)) {
    return std::nullopt;
  }
  Tensor out(DType::f32, normalized);
  std::ranges::fill(out.mutable_values<float>(), value);
  return out;
}

std::optional<Tensor> as_parameter(const Graph& graph, ValueId constant, ValueId x, int64_t axis) {
  const Tensor* given = graph.constant(constant);
  if (given == nullptr || given->dtype() != DType::f32 || given->rank() > rank_of(graph, x)) {
    return std::nullopt;
  }
  std::optional<Tensor> full = filled_parameter(graph, x, axis, 0);
  if (!full) {
    return std::nullopt;
  }
  if (given->count() == 1) {
    return filled_parameter(graph, x, axis, given->values<float>()[0]);
  }
  Shape own = given->shape();  // without leading ones, the normalized axes are left
  const auto extra = static_cast<long>(own.size()) - static_cast<long>(full->shape().size());
  if (extra > 0 && std::all_of(own.begin(), own.begin() + extra, [](int64_t size) { return size == 1; })) {
    own.erase(own.begin(), own.begin() + extra);
  }
  return own == full->shape() ? std::optional<Tensor>(given->reshaped(own)) : std::nullopt;
}

std::optional<Applied> applied(const Graph& graph, ValueId value, OpKind op) {
  const std::optional<NodeId> user = sole_user(graph, value, op);
  if (!user || !is_plain_arithmetic(graph, *user, op)) {
    return std::nullopt;
  }
  const std::vector<ValueId>& inputs = graph.node(*user).inputs;
  const ValueId other = inputs[0] == value ? inputs[1] : inputs[0];
  return graph.is_constant(other) ? std::optional<Applied>({output_of(graph, *user), other}) : std::nullopt;
}

void replace_by_norm(Graph& graph, OpKind op, ValueId x, ValueId y, int64_t axis, float epsilon,
                     std::vector<NormParameter> parameters) {
  const std::string name = graph.node(graph.value(y).producer).name;
  const std::string base = name.empty() ? graph.value(y).name : name;
  std::vector<ValueId> inputs = {x};
  for (NormParameter& each : parameters) {
    inputs.push_back(graph.add_constant(base + each.suffix, std::move(each.value)));
  }
  NormAttrs attrs;
  attrs.epsilon = epsilon;
  attrs.axis = axis - rank_of(graph, x);
  replace_value(graph, y, op, name, attrs, std::move(inputs));
}

}  // namespace dsq
