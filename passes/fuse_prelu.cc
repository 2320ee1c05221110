// fuse_prelu: leaky functions, taken apart or with more freedom than they use.
//
//   relu(x) + c * relu(-x)         ->  prelu(x, -c)       as Keras exports it; also relu(x) - c * relu(-x)
//   max(x, a * x), 0 <= a <= 1     ->  leaky_relu(x) {alpha = a}
//   prelu(x, a), one a for all     ->  leaky_relu(x) {alpha = a}
#include <algorithm>

#include "passes/match.h"
#include "passes/passes.h"

namespace dsq {
namespace {

struct Match {
  ValueId x = ValueId::none;
  Tensor slope;
};

// The constant c of c * relu(-x), and x.
struct NegativeSide {
  ValueId x = ValueId::none;
  const Tensor* factor = nullptr;
};

std::optional<NegativeSide> negative_side(const Graph& graph, ValueId value) {
  const std::optional<NodeId> product = producer_of(graph, value, OpKind::mul);
  const std::optional<ConstantOperand> operand = product ? constant_operand(graph, *product) : std::nullopt;
  const std::optional<NodeId> relu = operand ? producer_of(graph, operand->variable, OpKind::relu) : std::nullopt;
  const std::optional<NodeId> neg = relu ? producer_of(graph, graph.node(*relu).inputs[0], OpKind::neg) : std::nullopt;
  const bool fits =
      neg && is_plain_arithmetic(graph, *product, OpKind::mul) && operand->constant->dtype() == DType::f32;
  return fits ? std::optional<NegativeSide>({graph.node(*neg).inputs[0], operand->constant}) : std::nullopt;
}

std::optional<Match> match_two_sides(const Graph& graph, NodeId id) {
  const bool adds = is_plain_arithmetic(graph, id, OpKind::add);
  if (!adds && !is_plain_arithmetic(graph, id, OpKind::sub)) {
    return std::nullopt;
  }
  const std::vector<ValueId>& inputs = graph.node(id).inputs;
  for (size_t i = 0; i < (adds ? 2U : 1U); ++i) {
    const std::optional<NodeId> relu = producer_of(graph, inputs[i], OpKind::relu);
    const std::optional<NegativeSide> side = relu ? negative_side(graph, inputs[1 - i]) : std::nullopt;
    if (!side || side->x != graph.node(*relu).inputs[0] || side->factor->rank() > rank_of(graph, side->x)) {
      continue;
    }
    Tensor slope = side->factor->clone();
    for (float& v : slope.mutable_values<float>()) {
      v = adds ? -v : v;
    }
    return Match{side->x, std::move(slope)};
  }
  return std::nullopt;
}

std::optional<Match> match_maximum(const Graph& graph, NodeId id) {
  if (graph.node(id).op != OpKind::max) {
    return std::nullopt;
  }
  const std::vector<ValueId>& inputs = graph.node(id).inputs;
  for (size_t i = 0; i < 2; ++i) {
    const std::optional<NodeId> product = producer_of(graph, inputs[i], OpKind::mul);
    const std::optional<ConstantOperand> operand = product ? constant_operand(graph, *product) : std::nullopt;
    const bool fits = operand && operand->variable == inputs[1 - i] && operand->constant->dtype() == DType::f32 &&
                      is_scalar_for(*operand->constant, rank_of(graph, operand->variable)) &&
                      is_plain_arithmetic(graph, *product, OpKind::mul);
    const double slope = fits ? element(*operand->constant, 0) : -1;
    if (slope >= 0 && slope <= 1) {
      return Match{operand->variable, *operand->constant};
    }
  }
  return std::nullopt;
}

std::optional<Match> match_uniform(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  const Tensor* slope = node.op == OpKind::prelu ? graph.constant(node.inputs[1]) : nullptr;
  if (slope == nullptr || slope->dtype() != DType::f32 || slope->count() == 0 ||
      slope->rank() > rank_of(graph, node.inputs[0])) {
    return std::nullopt;
  }
  const std::span<const float> values = slope->values<float>();
  const bool uniform = std::ranges::all_of(values, [&](float v) { return v == values[0]; });
  return uniform && graph.value(node.inputs[0]).type.shape == graph.value(node.outputs.front()).type.shape
             ? std::optional<Match>({node.inputs[0], *slope})
             : std::nullopt;
}

void rewrite(Graph& graph, NodeId id, Match found) {
  const std::string name = graph.node(id).name;
  const std::span<const float> values = found.slope.values<float>();
  if (std::ranges::all_of(values, [&](float v) { return v == values[0]; })) {
    replace_value(graph, output_of(graph, id), OpKind::leaky_relu, name, UnaryAttrs{.alpha = values[0], .beta = 0},
                  {found.x});
    return;
  }
  const ValueId slope = graph.add_constant(label_of(graph, id) + ".slope", std::move(found.slope));
  replace_value(graph, output_of(graph, id), OpKind::prelu, name, NoAttrs{}, {found.x, slope});
}

}  // namespace

Result<bool> fuse_prelu(Graph& graph, PassContext& context) {
  return rewrite_nodes(graph, context.diag, [&](NodeId id) {
    const Node& node = graph.node(id);
    if (node.inputs.size() != 2 || node.outputs.size() != 1 || !is_f32(graph, node.outputs.front())) {
      return false;
    }
    std::optional<Match> found = match_two_sides(graph, id);
    found = found ? std::move(found) : match_maximum(graph, id);
    found = found ? std::move(found) : match_uniform(graph, id);
    if (found) {
      rewrite(graph, id, *std::move(found));
    }
    return found.has_value();
  });
}

}  // namespace dsq
