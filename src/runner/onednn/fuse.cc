// Moves what follows a float convolution or linear layer into it: an addition of equal shape, then an activation.
//
//   conv -> add(other) -> relu   becomes   conv(x, w, b, other) {adds, act=clip}
//
// Nothing moves when the value in between has another user or is an output of the graph.
#include <limits>

#include "src/runner/fold.h"
#include "src/runner/onednn/passes.h"

namespace dsq::onednn {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();

bool is_layer(OpKind op) { return op == OpKind::conv || op == OpKind::linear; }

// The activation that a unary node computes, if layers have it.
std::optional<Activation> activation_of(const Graph& graph, const Node& node) {
  using enum OpKind;
  switch (node.op) {
    case relu: return Activation{ActKind::clip, 0.0F, kInf};
    case leaky_relu: return Activation{ActKind::leaky_relu, node.as<UnaryAttrs>().alpha, 0};
    case hard_sigmoid:
      return Activation{ActKind::hard_sigmoid, node.as<UnaryAttrs>().alpha, node.as<UnaryAttrs>().beta};
    case hard_swish: return Activation{ActKind::hard_swish, 0, 0};
    case sigmoid: return Activation{ActKind::sigmoid, 0, 0};
    case silu: return Activation{ActKind::silu, 0, 0};
    case OpKind::tanh: return Activation{ActKind::tanh, 0, 0};
    case elu: return Activation{ActKind::elu, node.as<UnaryAttrs>().alpha, 0};
    case gelu: return Activation{node.as<UnaryAttrs>().alpha != 0 ? ActKind::gelu_tanh : ActKind::gelu, 0, 0};
    case clip: {
      const auto bound = [&](size_t i, float missing) -> std::optional<float> {
        if (!node.has_input(i)) {
          return missing;
        }
        const Tensor* constant = graph.constant(node.input(i));
        return constant == nullptr || constant->dtype() != DType::f32 || constant->count() != 1
                   ? std::nullopt
                   : std::optional<float>(constant->values<float>()[0]);
      };
      const std::optional<float> low = bound(1, -kInf);
      const std::optional<float> high = bound(2, kInf);
      return low && high && *low <= *high ? std::optional(Activation{ActKind::clip, *low, *high}) : std::nullopt;
    }
    default: return std::nullopt;
  }
}

bool adds(const Node& layer) {
  return layer.op == OpKind::conv ? layer.as<ConvAttrs>().adds : layer.as<LinearAttrs>().adds;
}
ActKind act_of(const Node& layer) {
  return layer.op == OpKind::conv ? layer.as<ConvAttrs>().act : layer.as<LinearAttrs>().act;
}

template <class A>
void set_epilogue(A& attrs, bool adding, const Activation& act) {
  attrs.adds = attrs.adds || adding;
  attrs.act = act.kind;
  attrs.act_a = act.a;
  attrs.act_b = act.b;
}

void set_epilogue(Graph& graph, NodeId layer, bool adding, const Activation& act) {
  Attrs attrs = graph.node(layer).attrs;
  if (auto* conv = std::get_if<ConvAttrs>(&attrs)) {
    set_epilogue(*conv, adding, act);
  } else {
    set_epilogue(std::get<LinearAttrs>(attrs), adding, act);
  }
  graph.set_attrs(layer, std::move(attrs));
}

// The float layer whose result is used by `user` alone, and which applies no activation yet.
NodeId open_layer(const Graph& graph, ValueId value) {
  if (value == ValueId::none) {
    return NodeId::none;
  }
  const Value& v = graph.value(value);
  const bool open = v.producer != NodeId::none && v.users.size() == 1 && !graph.is_output(value) &&
                    v.type.dtype == DType::f32 && is_layer(graph.node(v.producer).op) &&
                    act_of(graph.node(v.producer)) == ActKind::none;
  return open ? v.producer : NodeId::none;
}

void take_over(Graph& graph, NodeId layer, NodeId absorbed) {
  const ValueId result = graph.node(layer).outputs[0];
  graph.replace_uses(graph.node(absorbed).outputs[0], result);
  graph.erase_node(absorbed);
}

bool fuse_activation(Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  const std::optional<Activation> act = activation_of(graph, node);
  const NodeId layer = act ? open_layer(graph, node.input(0)) : NodeId::none;
  if (layer == NodeId::none) {
    return false;
  }
  set_epilogue(graph, layer, false, *act);
  take_over(graph, layer, id);
  return true;
}

bool fuse_addition(Graph& graph, NodeId id) {
  const Node node = graph.node(id);
  if (node.op != OpKind::add) {
    return false;
  }
  for (const size_t side : {size_t{1}, size_t{0}}) {
    const NodeId layer = open_layer(graph, node.inputs[side]);
    const ValueId other = node.inputs[1 - side];
    if (layer == NodeId::none || adds(graph.node(layer)) || other == node.inputs[side] || graph.is_constant(other)) {
      continue;
    }
    const TensorType& mine = graph.value(node.inputs[side]).type;
    if (!mine.known() || graph.value(other).type != mine) {
      continue;
    }
    std::vector<ValueId> inputs = graph.node(layer).inputs;
    inputs.resize(3, ValueId::none);
    inputs.push_back(other);
    graph.set_inputs(layer, std::move(inputs));
    set_epilogue(graph, layer, true, node.as<ActAttrs>().activation());
    take_over(graph, layer, id);
    return true;
  }
  return false;
}

}  // namespace

Result<void> fuse_epilogues(Graph& graph) {
  for (const NodeId id : graph.topo_order()) {
    if (!fuse_addition(graph, id)) {
      fuse_activation(graph, id);
    }
  }
  drop_dead(graph);
  return {};
}

}  // namespace dsq::onednn
