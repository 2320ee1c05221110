// fold_batchnorm: a batch normalization with constant parameters is y = a * x + c for each channel, with
//
//   a = scale / sqrt(variance + epsilon)     c = bias - mean * a
//
// and becomes part of the layer before it, else of the layer after it (where that pads nothing, or c is zero), else a
// multiplication and an addition. Computed in double, rounded once.
#include <cmath>

#include "passes/layer.h"
#include "passes/passes.h"

namespace dsq {
namespace {

struct Affine {
  std::vector<double> scale;
  std::vector<double> shift;
};

std::optional<Affine> match(const Graph& graph, NodeId id, Diagnostics& diag) {
  const Node& node = graph.node(id);
  if (node.op != OpKind::batch_norm) {
    return std::nullopt;
  }
  const Tensor* parts[4];  // scale, bias, mean, variance
  for (size_t i = 0; i < 4; ++i) {
    parts[i] = graph.constant(node.inputs[i + 1]);
    if (parts[i] == nullptr || parts[i]->dtype() != DType::f32 || parts[i]->count() != parts[0]->count()) {
      diag.note(label_of(graph, id), "stays a batch normalization: its parameters are not constants");
      return std::nullopt;
    }
  }
  const auto channels = static_cast<size_t>(parts[0]->count());
  Affine affine{std::vector<double>(channels), std::vector<double>(channels)};
  for (size_t c = 0; c < channels; ++c) {
    const auto at = static_cast<int64_t>(c);
    const double deviation = std::sqrt(element(*parts[3], at) + static_cast<double>(node.as<NormAttrs>().epsilon));
    affine.scale[c] = element(*parts[0], at) / deviation;
    affine.shift[c] = element(*parts[1], at) - element(*parts[2], at) * affine.scale[c];
    if (!std::isfinite(affine.scale[c]) || !std::isfinite(affine.shift[c])) {
      diag.note(label_of(graph, id),
                fmt::format("stays a batch normalization: channel {} has the variance {}", c, element(*parts[3], at)));
      return std::nullopt;
    }
  }
  return affine;
}

bool into_layer_before(Graph& graph, NodeId id, const Affine& affine) {
  const std::optional<Layer> layer = layer_before(graph, graph.node(id).inputs[0]);
  // A linear layer's channels are the last axis, a normalization's the second: one axis only for matrices.
  if (!layer || layer->channel_axis() != 1 || layer->shape.out_channels != static_cast<int64_t>(affine.scale.size())) {
    return false;
  }
  std::optional<LayerParameters> parameters = scale_output(*layer, affine.scale, affine.shift);
  if (!parameters) {
    return false;
  }
  set_parameters(graph, *layer, *std::move(parameters));
  absorb_user(graph, layer->node, id);
  return true;
}

bool into_layer_after(Graph& graph, NodeId id, const Affine& affine) {
  const ValueId output = output_of(graph, id);
  const std::optional<NodeId> user = sole_user(graph, output);
  const std::optional<Layer> layer = user ? layer_of(graph, *user) : std::nullopt;
  if (!layer || graph.node(*user).inputs[0] != output || layer->channel_axis() != 1 ||
      layer->shape.in_channels != static_cast<int64_t>(affine.scale.size())) {
    return false;
  }
  if (!all_close(affine.shift, 0) && reads_padding(graph, *layer)) {
    return false;  // the padding would have to be offset too; fold_scale says so of what remains
  }
  std::optional<LayerParameters> parameters = scale_input(*layer, affine.scale, affine.shift);
  if (!parameters) {
    return false;
  }
  set_parameters(graph, *layer, *std::move(parameters));
  graph.set_input(*user, 0, graph.node(id).inputs[0]);
  erase_unused(graph, output);
  return true;
}

// [C, 1, 1, ...]: broadcasts along axis 1 of a value of this rank.
Tensor along_channels(const std::vector<double>& values, int64_t rank) {
  Shape shape(static_cast<size_t>(rank) - 1, 1);
  shape[0] = static_cast<int64_t>(values.size());
  const std::vector<float> rounded(values.begin(), values.end());
  return Tensor::of<float>(shape, std::span<const float>(rounded));
}

bool into_arithmetic(Graph& graph, NodeId id, const Affine& affine) {
  const ValueId x = graph.node(id).inputs[0];
  const ValueId output = output_of(graph, id);
  const int64_t rank = rank_of(graph, x);
  if (rank < 2) {
    return false;
  }
  const std::string name = graph.node(id).name;
  const std::string base = label_of(graph, id);
  const ValueId scale = graph.add_constant(base + ".scale", along_channels(affine.scale, rank));
  const ValueId shift = graph.add_constant(base + ".shift", along_channels(affine.shift, rank));
  const NodeId product =
      graph.add_node(OpKind::mul, name, ActAttrs{}, {x, scale}, {graph.value(output).name + ".scaled"});
  graph.set_type(output_of(graph, product), graph.value(output).type);
  replace_value(graph, output, OpKind::add, name, ActAttrs{}, {output_of(graph, product), shift});
  return true;
}

}  // namespace

Result<bool> fold_batchnorm(Graph& graph, PassContext& context) {
  return rewrite_nodes(graph, context.diag, [&](NodeId id) {
    const std::optional<Affine> affine = match(graph, id, context.diag);
    return affine && (into_layer_before(graph, id, *affine) || into_layer_after(graph, id, *affine) ||
                      into_arithmetic(graph, id, *affine));
  });
}

}  // namespace dsq
