// simplify_arith: arithmetic with constants, written one way.
//
//   x + 0, x - 0, x * 1, x / 1, x ^ 1, -(-x)  ->  x
//   c + x, c * x        ->  x + c, x * c          constants come second
//   x - c, x / c        ->  x + (-c), x * (1/c)   in f32 only: integers do not divide so
//   (x + c) + d         ->  x + (c + d)           scalars c and d in f32; likewise for products
#include <algorithm>
#include <cmath>

#include "passes/match.h"
#include "passes/passes.h"

namespace dsq {
namespace {

bool is_arithmetic(const Graph& graph, NodeId id) {
  return is_plain_arithmetic(graph, id, OpKind::add) || is_plain_arithmetic(graph, id, OpKind::sub) ||
         is_plain_arithmetic(graph, id, OpKind::mul) || is_plain_arithmetic(graph, id, OpKind::div) ||
         graph.node(id).op == OpKind::pow;
}

// Whether the constant broadcasts to the other operand's shape without widening it.
bool keeps_shape(const Graph& graph, const ConstantOperand& operand) {
  const std::optional<Shape>& shape = graph.value(operand.variable).type.shape;
  const Shape& own = operand.constant->shape();
  if (!shape || own.size() > shape->size()) {
    return false;
  }
  return std::equal(own.rbegin(), own.rend(), shape->rbegin(), [](int64_t c, int64_t x) { return c == 1 || c == x; });
}

bool is_filled_with(const Tensor& constant, double value) {
  for (int64_t i = 0; i < constant.count(); ++i) {
    if (element(constant, i) != value) {
      return false;
    }
  }
  return constant.count() > 0;
}

// The value that a node only repeats.
std::optional<ValueId> repeated(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  if (node.op == OpKind::neg) {
    const std::optional<NodeId> first = producer_of(graph, node.inputs[0], OpKind::neg);
    return first ? std::optional<ValueId>(graph.node(*first).inputs[0]) : std::nullopt;
  }
  const std::optional<ConstantOperand> operand = is_arithmetic(graph, id) ? constant_operand(graph, id) : std::nullopt;
  const bool ordered = node.op == OpKind::sub || node.op == OpKind::div || node.op == OpKind::pow;
  if (!operand || operand->constant->dtype() == DType::boolean || (ordered && operand->constant_first)) {
    return std::nullopt;
  }
  const double neutral = node.op == OpKind::add || node.op == OpKind::sub ? 0 : 1;
  const bool repeats = is_filled_with(*operand->constant, neutral) && keeps_shape(graph, *operand);
  return repeats ? std::optional<ValueId>(operand->variable) : std::nullopt;
}

template <class F>
std::optional<Tensor> mapped(const Tensor& constant, F f) {
  Tensor out = constant.clone();
  for (float& v : out.mutable_values<float>()) {
    v = f(v);
  }
  return all_finite(out) ? std::optional<Tensor>(std::move(out)) : std::nullopt;
}

// x - c as x + (-c), x / c as x * (1/c).
bool rewrite_inverse(Graph& graph, NodeId id, const ConstantOperand& operand) {
  const Node node = graph.node(id);
  const bool subtracts = node.op == OpKind::sub;
  if ((!subtracts && node.op != OpKind::div) || operand.constant_first || operand.constant->dtype() != DType::f32) {
    return false;
  }
  std::optional<Tensor> inverse = mapped(*operand.constant, [&](float c) { return subtracts ? -c : 1.0F / c; });
  if (!inverse) {
    return false;
  }
  const ValueId constant =
      graph.add_constant(graph.value(node.inputs[1]).name + (subtracts ? ".negated" : ".inverse"), *std::move(inverse));
  replace_value(graph, node.outputs[0], subtracts ? OpKind::add : OpKind::mul, node.name, ActAttrs{},
                {node.inputs[0], constant});
  return true;
}

// (x op c) op d as x op (c op d), for scalars.
bool merge_chain(Graph& graph, NodeId id, const ConstantOperand& operand) {
  const Node node = graph.node(id);
  const bool adds = node.op == OpKind::add;
  if ((!adds && node.op != OpKind::mul) || operand.constant->dtype() != DType::f32) {
    return false;
  }
  const std::optional<NodeId> first = producer_of(graph, operand.variable, node.op);
  if (!first || !sole_user(graph, operand.variable) || !is_plain_arithmetic(graph, *first, node.op)) {
    return false;
  }
  const std::optional<ConstantOperand> inner = constant_operand(graph, *first);
  if (!inner || operand.constant->count() != 1 || inner->constant->count() != 1) {
    return false;
  }
  const double c = element(*inner->constant, 0);
  const double d = element(*operand.constant, 0);
  const auto merged = static_cast<float>(adds ? c + d : c * d);
  const Tensor& wider = inner->constant->rank() > operand.constant->rank() ? *inner->constant : *operand.constant;
  if (!std::isfinite(merged)) {
    return false;
  }
  const ValueId constant =
      graph.add_constant(label_of(graph, id) + ".constant", Tensor::of<float>(wider.shape(), {merged}));
  replace_value(graph, node.outputs[0], node.op, node.name, ActAttrs{}, {inner->variable, constant});
  return true;
}

bool simplify(Graph& graph, NodeId id) {
  if (const std::optional<ValueId> same = repeated(graph, id)) {
    return forward_value(graph, output_of(graph, id), *same);
  }
  const std::optional<ConstantOperand> operand = is_arithmetic(graph, id) ? constant_operand(graph, id) : std::nullopt;
  if (!operand) {
    return false;
  }
  if (rewrite_inverse(graph, id, *operand) || merge_chain(graph, id, *operand)) {
    return true;
  }
  const OpKind op = graph.node(id).op;
  if (operand->constant_first && (op == OpKind::add || op == OpKind::mul)) {
    std::vector<ValueId> inputs = graph.node(id).inputs;
    std::swap(inputs[0], inputs[1]);
    graph.set_inputs(id, std::move(inputs));
    return true;
  }
  return false;
}

}  // namespace

Result<bool> simplify_arith(Graph& graph, PassContext& context) {
  return rewrite_nodes(graph, context.diag, [&](NodeId id) { return simplify(graph, id); });
}

}  // namespace dsq
