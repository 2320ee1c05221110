// fold_scale: constant factors (and, before a layer, offsets) of each channel become part of a layer's weights.
//
//   layer(x, w, b) * c  ->  layer(x, c * w, c * b)       also x / c, -x and c - x after a layer
//   layer(x * c, w, b)  ->  layer(x, w * c, b)           also x / c, x + c and x - c before one
//
// An offset before a layer that pads its input is left: the padding would have to be offset too.
#include <cmath>

#include "passes/layer.h"
#include "passes/passes.h"

namespace dsq {
namespace {

// y = x * scale + shift for each channel.
struct Affine {
  ValueId x = ValueId::none;
  std::vector<double> scale;
  std::vector<double> shift;
};

std::optional<Affine> affine_of(const Graph& graph, NodeId id, int64_t rank, int64_t axis, int64_t channels) {
  const size_t n = static_cast<size_t>(channels);
  if (graph.node(id).op == OpKind::neg) {
    return Affine{graph.node(id).inputs[0], std::vector<double>(n, -1.0), std::vector<double>(n, 0.0)};
  }
  const std::optional<ConstantOperand> operand = constant_operand(graph, id);
  if (!operand) {
    return std::nullopt;
  }
  const std::optional<std::vector<double>> c = per_channel(*operand->constant, rank, axis, channels);
  if (!c) {
    return std::nullopt;
  }
  Affine affine{operand->variable, std::vector<double>(n, 1.0), std::vector<double>(n, 0.0)};
  const bool first = operand->constant_first;
  for (size_t i = 0; i < n; ++i) {
    if (is_plain_arithmetic(graph, id, OpKind::mul)) {
      affine.scale[i] = (*c)[i];
    } else if (is_plain_arithmetic(graph, id, OpKind::div) && !first && (*c)[i] != 0) {
      affine.scale[i] = 1.0 / (*c)[i];
    } else if (is_plain_arithmetic(graph, id, OpKind::add)) {
      affine.shift[i] = (*c)[i];
    } else if (is_plain_arithmetic(graph, id, OpKind::sub)) {
      affine.scale[i] = first ? -1.0 : 1.0;
      affine.shift[i] = first ? (*c)[i] : -(*c)[i];
    } else {
      return std::nullopt;
    }
  }
  return affine;
}

bool fold_after(Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  for (const ValueId input : node.inputs) {
    if (input == ValueId::none || graph.is_constant(input)) {
      continue;
    }
    const std::optional<Layer> layer = layer_before(graph, input);
    if (!layer || layer->rank == kUnknown) {
      continue;
    }
    const std::optional<Affine> affine =
        affine_of(graph, id, layer->rank, layer->channel_axis(), layer->shape.out_channels);
    if (!affine) {
      continue;
    }
    if (std::optional<LayerParameters> parameters = scale_output(*layer, affine->scale, affine->shift)) {
      set_parameters(graph, *layer, *std::move(parameters));
      absorb_user(graph, layer->node, id);
      return true;
    }
  }
  return false;
}

bool fold_before(Graph& graph, NodeId id, Diagnostics& diag) {
  const std::optional<Layer> layer = layer_of(graph, id);
  if (!layer || layer->rank == kUnknown) {
    return false;
  }
  const ValueId input = graph.node(id).inputs[0];
  const NodeId before = graph.value(input).producer;
  if (before == NodeId::none || !sole_user(graph, input)) {
    return false;
  }
  const std::optional<Affine> affine =
      affine_of(graph, before, layer->rank, layer->channel_axis(), layer->shape.in_channels);
  const std::optional<Shape> shape = affine ? graph.value(affine->x).type.shape : std::nullopt;
  if (!shape || static_cast<int64_t>(shape->size()) != layer->rank ||
      (*shape)[static_cast<size_t>(layer->channel_axis())] != layer->shape.in_channels) {
    return false;  // the constant widens what it is applied to
  }
  if (!all_close(affine->shift, 0) && reads_padding(graph, *layer)) {
    diag.note(label_of(graph, before),
              fmt::format("stays before '{}': the layer pads its input with zeros, and an offset moved into its bias "
                          "would offset the padding too",
                          label_of(graph, id)));
    return false;
  }
  std::optional<LayerParameters> parameters = scale_input(*layer, affine->scale, affine->shift);
  if (!parameters) {
    return false;
  }
  set_parameters(graph, *layer, *std::move(parameters));
  graph.set_input(id, 0, affine->x);
  erase_unused(graph, input);
  return true;
}

}  // namespace

Result<bool> fold_scale(Graph& graph, PassContext& context) {
  return rewrite_nodes(graph, context.diag,
                       [&](NodeId id) { return fold_after(graph, id) || fold_before(graph, id, context.diag); });
}

}  // namespace dsq
