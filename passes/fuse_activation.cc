// fuse_activation: a function of one value after a layer moves into the layer's attributes (ActKind); a clipping
// function after an addition moves into the addition's. relu is a clip to [0, inf].
#include <limits>

#include "passes/match.h"
#include "passes/passes.h"

namespace dsq {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// Null when a bound is computed at run time, or when the bounds cross.
std::optional<Activation> clip_of(const Graph& graph, const Node& node) {
  const std::optional<double> low = node.has_input(1) ? constant_scalar(graph, node.input(1)) : -kInfinity;
  const std::optional<double> high = node.has_input(2) ? constant_scalar(graph, node.input(2)) : kInfinity;
  if (!low || !high || !(*low <= *high)) {
    return std::nullopt;
  }
  return Activation{ActKind::clip, static_cast<float>(*low), static_cast<float>(*high)};
}

bool is_function(OpKind op) {
  using enum OpKind;
  switch (op) {
    case relu:
    case clip:
    case leaky_relu:
    case hard_sigmoid:
    case hard_swish:
    case sigmoid:
    case silu:
    case tanh:
    case gelu:
    case elu: return true;
    default: return false;
  }
}

std::optional<Activation> activation_of(const Graph& graph, const Node& node) {
  using enum OpKind;
  switch (node.op) {
    case relu: return Activation{ActKind::clip, 0, kInfinity};
    case clip: return clip_of(graph, node);
    case leaky_relu: return Activation{ActKind::leaky_relu, node.as<UnaryAttrs>().alpha, 0};
    case hard_sigmoid:
      return Activation{ActKind::hard_sigmoid, node.as<UnaryAttrs>().alpha, node.as<UnaryAttrs>().beta};
    case hard_swish: return Activation{ActKind::hard_swish};
    case sigmoid: return Activation{ActKind::sigmoid};
    case silu: return Activation{ActKind::silu};
    case tanh: return Activation{ActKind::tanh};
    case gelu: return Activation{node.as<UnaryAttrs>().alpha != 0 ? ActKind::gelu_tanh : ActKind::gelu};
    case elu: return Activation{ActKind::elu, node.as<UnaryAttrs>().alpha, 0};
    default: return std::nullopt;
  }
}

// The attributes of a node that can take an activation and has none yet.
std::optional<Attrs> with_activation(const Node& node, const Activation& act) {
  Attrs attrs = node.attrs;
  const auto take = [&](auto& held) {
    if (held.act != ActKind::none) {
      return false;
    }
    held.act = act.kind;
    held.act_a = act.a;
    held.act_b = act.b;
    return true;
  };
  const bool is_conv = node.op == OpKind::conv || node.op == OpKind::conv_transpose;
  const bool taken = is_conv                                               ? take(std::get<ConvAttrs>(attrs))
                     : node.op == OpKind::linear                           ? take(std::get<LinearAttrs>(attrs))
                     : node.op == OpKind::add && act.kind == ActKind::clip ? take(std::get<ActAttrs>(attrs))
                                                                           : false;
  return taken ? std::optional<Attrs>(std::move(attrs)) : std::nullopt;
}

struct Match {
  NodeId layer;
  Attrs attrs;
};

std::optional<Match> match(const Graph& graph, NodeId id, Diagnostics& diag) {
  const Node& node = graph.node(id);
  if (!is_function(node.op) || !is_f32(graph, node.inputs[0])) {
    return std::nullopt;
  }
  const NodeId layer = graph.value(node.inputs[0]).producer;
  if (layer == NodeId::none) {
    return std::nullopt;
  }
  const std::optional<Activation> act = activation_of(graph, node);
  std::optional<Attrs> attrs = with_activation(graph.node(layer), act.value_or(Activation{ActKind::clip}));
  if (!attrs) {
    return std::nullopt;
  }
  if (!act) {
    diag.note(label_of(graph, id), "stays an operator of its own: its bounds are not constants in order");
    return std::nullopt;
  }
  if (!sole_user(graph, node.inputs[0])) {
    diag.note(label_of(graph, id),
              fmt::format("stays an operator of its own: the result of '{}' is also used without it",
                          label_of(graph, layer)));
    return std::nullopt;
  }
  return Match{layer, *std::move(attrs)};
}

}  // namespace

Result<bool> fuse_activation(Graph& graph, PassContext& context) {
  return rewrite_nodes(graph, context.diag, [&](NodeId id) {
    std::optional<Match> found = match(graph, id, context.diag);
    if (found) {
      graph.set_attrs(found->layer, std::move(found->attrs));
      absorb_user(graph, found->layer, id);
    }
    return found.has_value();
  });
}

}  // namespace dsq
