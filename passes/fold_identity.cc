// fold_identity: nodes that give back what they get.
//
//   identity, a cast to the own type or there and back, adding 0, multiplying by 1, clean slices, pads of nothing, concat
//   of one; chains of reshape, squeeze and unsqueeze become one reshape, or nothing where the shape returns to itself.
//
// A node stays where the graph's output would have to be its input, a constant or another output.
#include <algorithm>

#include "passes/match.h"
#include "passes/passes.h"

namespace dsq {
namespace {

using Same = std::optional<ValueId>;  // the input that a node's only output equals

bool all_are(const Graph& graph, ValueId value, int64_t wanted) {
  const std::optional<Shape> ints = constant_ints(graph, value);
  return ints && std::ranges::all_of(*ints, [=](int64_t i) { return i == wanted; });
}

// Equal types say that the elements are the same ones, if at most one dimension is open and none can be 0.
bool same_extent(const TensorType& a, const TensorType& b) {
  return a.shape && a == b && std::ranges::count(*a.shape, kUnknown) <= 1 &&
         (a.known() || std::ranges::find(*a.shape, 0) == a.shape->end());
}

const TensorType& type_of(const Graph& graph, ValueId value) { return graph.value(value).type; }

// --- casts

// Whether every value of `from` is exact in `to`.
bool holds(DType to, DType from) {
  if (to == from || (from == DType::boolean && to != DType::boolean)) {
    return true;
  }
  if (to == DType::boolean || (is_float(from) && !is_float(to))) {
    return false;
  }
  if (is_float(from)) {
    return to == DType::f64 || (to == DType::f32 && (from == DType::f16 || from == DType::bf16));
  }
  const auto is_signed = [](DType type) {
    return type == DType::i4 || type == DType::i8 || type == DType::i16 || type == DType::i32 || type == DType::i64;
  };
  const int magnitude = bits_of(from) - (is_signed(from) ? 1 : 0);
  if (is_float(to)) {
    const int digits = to == DType::f64 ? 53 : to == DType::f32 ? 24 : to == DType::f16 ? 11 : 8;
    return magnitude <= digits;
  }
  return (is_signed(to) || !is_signed(from)) && magnitude <= bits_of(to) - (is_signed(to) ? 1 : 0);
}

Same same_as_cast(const Graph& graph, const Node& node) {
  const DType to = node.as<CastAttrs>().to;
  const ValueId x = node.inputs[0];
  if (type_of(graph, x).dtype == to) {
    return x;
  }
  const std::optional<NodeId> inner = producer_of(graph, x, OpKind::cast);
  if (inner) {
    const ValueId source = graph.node(*inner).inputs[0];
    if (type_of(graph, source).dtype == to && holds(type_of(graph, x).dtype, to)) {
      return source;
    }
  }
  return std::nullopt;
}

// --- arithmetic with a neutral element

Same same_as_arithmetic(const Graph& graph, NodeId id, double neutral, bool commutes) {
  const std::optional<ConstantOperand> operand = constant_operand(graph, id);
  if (!operand || !is_plain_arithmetic(graph, id, graph.node(id).op) || (operand->constant_first && !commutes)) {
    return std::nullopt;
  }
  const Tensor& constant = *operand->constant;
  const TensorType& x = type_of(graph, operand->variable);
  if (!x.shape || constant.rank() > x.rank() || x.dtype != type_of(graph, output_of(graph, id)).dtype) {
    return std::nullopt;
  }
  for (int64_t d = 1; d <= constant.rank(); ++d) {  // from the right: broadcasting must not make x larger
    const int64_t size = constant.shape()[static_cast<size_t>(constant.rank() - d)];
    if (size != 1 && size != (*x.shape)[static_cast<size_t>(x.rank() - d)]) {
      return std::nullopt;
    }
  }
  for (int64_t i = 0; i < constant.count(); ++i) {
    if (element(constant, i) != neutral) {
      return std::nullopt;
    }
  }
  return operand->variable;
}

// --- data movement

Same same_as_slice(const Graph& graph, const Node& node) {
  if (node.has_input(4) && !all_are(graph, node.inputs[4], 1)) {
    return std::nullopt;
  }
  const ValueId x = node.inputs[0];
  const std::optional<Shape> ends = constant_ints(graph, node.inputs[2]);
  const bool whole = all_are(graph, node.inputs[1], 0) && ends &&
                     std::ranges::all_of(*ends, [](int64_t end) { return end >= INT32_MAX; });
  const bool same = type_of(graph, x).known() && type_of(graph, x) == type_of(graph, node.outputs[0]);
  return whole || same ? Same(x) : std::nullopt;
}

Same same_as_transpose(const Graph& graph, const Node& node) {
  const Shape& perm = node.as<PermAttrs>().perm;
  const bool scalar = perm.empty() && rank_of(graph, node.inputs[0]) >= 0 && rank_of(graph, node.inputs[0]) <= 1;
  return scalar || (!perm.empty() && std::ranges::is_sorted(perm)) ? Same(node.inputs[0]) : std::nullopt;
}

Same same_as_expand(const Graph& graph, const Node& node) {
  const TensorType& x = type_of(graph, node.inputs[0]);
  const std::optional<Shape> shape = constant_ints(graph, node.inputs[1]);
  const bool ones = shape && all_are(graph, node.inputs[1], 1) && static_cast<int64_t>(shape->size()) <= x.rank();
  return ones || (x.known() && x == type_of(graph, node.outputs[0])) ? Same(node.inputs[0]) : std::nullopt;
}

// --- views: the same elements in the same order

bool is_view(OpKind op) { return op == OpKind::reshape || op == OpKind::squeeze || op == OpKind::unsqueeze; }

std::optional<NodeId> view_before(const Graph& graph, const Node& node) {
  const NodeId producer = graph.value(node.inputs[0]).producer;
  return producer != NodeId::none && is_view(graph.node(producer).op) ? std::optional<NodeId>(producer) : std::nullopt;
}

// squeeze after unsqueeze of the same axes, or the other way round.
bool is_inverse(const Graph& graph, const Node& outer, const Node& inner) {
  const bool pair = (outer.op == OpKind::squeeze && inner.op == OpKind::unsqueeze) ||
                    (outer.op == OpKind::unsqueeze && inner.op == OpKind::squeeze);
  if (!pair || !outer.has_input(1) || !inner.has_input(1)) {
    return false;
  }
  const ValueId wide = outer.op == OpKind::squeeze ? outer.inputs[0] : outer.outputs[0];
  const int64_t rank = rank_of(graph, wide);
  std::optional<Shape> a = constant_ints(graph, outer.inputs[1]);
  std::optional<Shape> b = constant_ints(graph, inner.inputs[1]);
  if (!a || !b || rank == kUnknown) {
    return false;
  }
  for (Shape* axes : {&*a, &*b}) {
    std::ranges::for_each(*axes, [=](int64_t& axis) { axis += axis < 0 ? rank : 0; });
    std::ranges::sort(*axes);
  }
  return *a == *b;
}

// reshape to [0, 0, -1]: every dimension is copied, and what one is left must be what it was.
bool copies_all(const Graph& graph, const Node& node) {
  const std::optional<Shape> shape = node.op == OpKind::reshape ? constant_ints(graph, node.inputs[1]) : std::nullopt;
  return shape && !node.as<ReshapeAttrs>().allow_zero &&
         static_cast<int64_t>(shape->size()) == rank_of(graph, node.inputs[0]) &&
         std::ranges::count(*shape, 0) >= static_cast<int64_t>(shape->size()) - 1 &&
         std::ranges::count(*shape, -1) <= 1 &&
         std::ranges::all_of(*shape, [](int64_t d) { return d == 0 || d == -1; });
}

Same same_as_view(const Graph& graph, const Node& node) {
  const TensorType& wanted = type_of(graph, node.outputs[0]);
  if (copies_all(graph, node)) {
    return node.inputs[0];
  }
  const Node* at = &node;
  while (true) {
    if (same_extent(type_of(graph, at->inputs[0]), wanted)) {
      return at->inputs[0];
    }
    const std::optional<NodeId> before = view_before(graph, *at);
    if (!before) {
      return std::nullopt;
    }
    if (at == &node && is_inverse(graph, node, graph.node(*before))) {
      return graph.node(*before).inputs[0];
    }
    at = &graph.node(*before);
  }
}

// A chain of views becomes one reshape of the chain's source.
bool merge_views(Graph& graph, NodeId id) {
  const Node node = graph.node(id);
  if (!is_view(node.op)) {  // the only ones that surely have a first output
    return false;
  }
  const std::optional<NodeId> before = view_before(graph, node);
  const std::optional<Shape> shape = type_of(graph, node.outputs[0]).shape;
  const bool expressible =
      shape && std::ranges::count(*shape, kUnknown) <= 1 && std::ranges::find(*shape, 0) == shape->end();
  if (!before || !expressible) {
    return false;
  }
  ValueId source = node.inputs[0];
  for (std::optional<NodeId> view = before; view; view = view_before(graph, graph.node(*view))) {
    source = graph.node(*view).inputs[0];
  }
  const ValueId target = graph.add_constant(graph.value(node.outputs[0]).name + ".shape", Tensor::ints(*shape));
  replace_value(graph, node.outputs[0], OpKind::reshape, node.name, ReshapeAttrs{}, {source, target});
  return true;
}

Same same_input(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  if (node.outputs.size() != 1) {
    return std::nullopt;
  }
  switch (node.op) {
    case OpKind::identity: return node.inputs[0];
    case OpKind::cast: return same_as_cast(graph, node);
    case OpKind::add: return same_as_arithmetic(graph, id, 0, true);
    case OpKind::sub: return same_as_arithmetic(graph, id, 0, false);
    case OpKind::mul: return same_as_arithmetic(graph, id, 1, true);
    case OpKind::div:
    case OpKind::pow: return same_as_arithmetic(graph, id, 1, false);
    case OpKind::concat: return node.inputs.size() == 1 ? Same(node.inputs[0]) : std::nullopt;
    case OpKind::split: return node.inputs[0];
    case OpKind::pad: return all_are(graph, node.inputs[1], 0) ? Same(node.inputs[0]) : std::nullopt;
    case OpKind::tile: return all_are(graph, node.inputs[1], 1) ? Same(node.inputs[0]) : std::nullopt;
    case OpKind::expand: return same_as_expand(graph, node);
    case OpKind::slice: return same_as_slice(graph, node);
    case OpKind::transpose: return same_as_transpose(graph, node);
    case OpKind::reshape:
    case OpKind::squeeze:
    case OpKind::unsqueeze: return same_as_view(graph, node);
    default: return std::nullopt;
  }
}

}  // namespace

Result<bool> fold_identity(Graph& graph, PassContext& /*context*/) {
  bool changed = false;
  for (const NodeId id : graph.topo_order()) {
    if (!graph.node(id).alive) {
      continue;
    }
    const Same same = same_input(graph, id);
    const ValueId output = graph.node(id).outputs.empty() ? ValueId::none : graph.node(id).outputs[0];
    // A range that came with the model belongs to the value that it was measured on.
    const bool same_range = same && graph.value(*same).spec == graph.value(output).spec &&
                            graph.value(*same).params == graph.value(output).params;
    if (same && same_range && forward_value(graph, output, *same)) {
      changed = true;
    } else {
      changed = merge_views(graph, id) || changed;
    }
  }
  return changed;
}

}  // namespace dsq
