// fuse_attention_scale: constant factors on the two operands of a product of activations, and on its result, are one
// factor, softmax(a q (b k)^T * c) = softmax((abc q) k^T). It goes into the weights of the layer that makes q, else of
// the one that makes k; where neither is to be had, several factors become one on q.
//
// Between layer and product lie what splits heads: reshape, transpose, squeeze, unsqueeze.
#include <array>

#include "passes/layer.h"
#include "passes/passes.h"

namespace dsq {
namespace {

struct ScalarFactor {
  NodeId node = NodeId::none;
  ValueId x = ValueId::none;
  double factor = 1;
};

std::optional<ScalarFactor> factor_of(const Graph& graph, NodeId id) {
  const bool multiplies = is_plain_arithmetic(graph, id, OpKind::mul);
  const std::optional<ConstantOperand> operand =
      multiplies || is_plain_arithmetic(graph, id, OpKind::div) ? constant_operand(graph, id) : std::nullopt;
  if (!operand || (!multiplies && operand->constant_first) ||
      !is_scalar_for(*operand->constant, rank_of(graph, operand->variable))) {
    return std::nullopt;
  }
  const double c = element(*operand->constant, 0);
  return c == 0 ? std::nullopt : std::optional<ScalarFactor>({id, operand->variable, multiplies ? c : 1 / c});
}

bool is_movement(OpKind op) {
  return op == OpKind::reshape || op == OpKind::transpose || op == OpKind::squeeze || op == OpKind::unsqueeze;
}

// What lies between one operand of the product and the layer that makes it, each value used once.
struct Side {
  std::vector<ScalarFactor> factors;
  std::optional<Layer> layer;
};

Side walk(const Graph& graph, ValueId value) {
  Side side;
  for (NodeId at = graph.value(value).producer; at != NodeId::none && sole_user(graph, value);
       at = graph.value(value).producer) {
    if (const std::optional<ScalarFactor> factor = factor_of(graph, at)) {
      side.factors.push_back(*factor);
      value = factor->x;
    } else if (is_movement(graph.node(at).op)) {
      value = graph.node(at).inputs[0];
    } else {
      side.layer = layer_of(graph, at);
      break;
    }
  }
  return side;
}

struct Match {
  std::vector<ScalarFactor> factors;
  double factor = 1;
  std::optional<Layer> layer;
};

std::optional<Match> match(const Graph& graph, NodeId id, Diagnostics& diag) {
  const Node& node = graph.node(id);
  if (node.op != OpKind::matmul || graph.is_constant(node.inputs[0]) || graph.is_constant(node.inputs[1]) ||
      node.inputs[0] == node.inputs[1] || !is_f32(graph, node.outputs.front())) {
    return std::nullopt;
  }
  Match found;
  const std::array<Side, 2> sides = {walk(graph, node.inputs[0]), walk(graph, node.inputs[1])};
  for (const Side& side : sides) {
    found.factors.insert(found.factors.end(), side.factors.begin(), side.factors.end());
  }
  const std::optional<NodeId> after = sole_user(graph, node.outputs.front());
  if (const std::optional<ScalarFactor> factor = after ? factor_of(graph, *after) : std::nullopt) {
    found.factors.push_back(*factor);
  }
  for (const ScalarFactor& each : found.factors) {
    found.factor *= each.factor;
  }
  found.layer = sides[0].layer ? sides[0].layer : sides[1].layer;
  if (found.factors.empty()) {
    return std::nullopt;
  }
  if (!found.layer && found.factors.size() == 1) {
    diag.note(label_of(graph, found.factors[0].node),
              fmt::format("stays a factor of its own: neither operand of '{}' comes from a layer of its own",
                          label_of(graph, id)));
    return std::nullopt;
  }
  return found;
}

bool rewrite(Graph& graph, NodeId id, Match& found) {
  if (found.layer) {
    const auto channels = static_cast<size_t>(found.layer->shape.out_channels);
    const std::vector<double> scale(channels, found.factor);
    const std::vector<double> shift(channels, 0.0);
    std::optional<LayerParameters> parameters = scale_output(*found.layer, scale, shift);
    if (!parameters) {
      return false;
    }
    set_parameters(graph, *found.layer, *std::move(parameters));
  } else {
    const ValueId q = graph.node(id).inputs[0];
    const std::string base = label_of(graph, id);
    const ValueId constant = graph.add_constant(base + ".scale", Tensor::scalar(static_cast<float>(found.factor)));
    const NodeId product =
        graph.add_node(OpKind::mul, base + ".scale", ActAttrs{}, {q, constant}, {graph.value(q).name + ".scaled"});
    graph.set_type(output_of(graph, product), graph.value(q).type);
    graph.set_input(id, 0, output_of(graph, product));
  }
  for (const ScalarFactor& factor : found.factors) {
    if (graph.node(factor.node).inputs[0] == output_of(graph, id) ||
        graph.node(factor.node).inputs[1] == output_of(graph, id)) {
      absorb_user(graph, id, factor.node);
    } else {
      forward_value(graph, output_of(graph, factor.node), factor.x);
    }
  }
  return true;
}

}  // namespace

Result<bool> fuse_attention_scale(Graph& graph, PassContext& context) {
  return rewrite_nodes(graph, context.diag, [&](NodeId id) {
    std::optional<Match> found = match(graph, id, context.diag);
    return found && rewrite(graph, id, *found);
  });
}

}  // namespace dsq
