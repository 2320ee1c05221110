#include "src/quant/quant_layer.h"

#include <algorithm>

namespace dsq {

std::optional<QuantLayer> quant_layer_at(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  const bool linear = node.op == OpKind::linear || node.op == OpKind::qlinear;
  const bool transposed = node.op == OpKind::conv_transpose || node.op == OpKind::qconv_transpose;
  if (!linear && !transposed && node.op != OpKind::conv && node.op != OpKind::qconv) {
    return std::nullopt;
  }
  QuantLayer layer;
  layer.node = id;
  layer.x = node.input(0);
  layer.w = node.input(1);
  layer.y = node.outputs[0];
  const bool integer = node.op == OpKind::qlinear || node.op == OpKind::qconv || node.op == OpKind::qconv_transpose;
  layer.bias = node.input(integer ? 3 : 2);
  const std::optional<Shape>& shape = graph.value(layer.w).type.shape;
  if (!shape || !is_known(*shape) || count_of(*shape) == 0) {
    return std::nullopt;
  }
  if (linear ? shape->size() != 2 : shape->size() < 3) {  // contradicts itself; whoever infers shapes says so
    return std::nullopt;
  }
  if (linear) {
    layer.out_channels = (*shape)[0];
    layer.in_channels = (*shape)[1];
    const int64_t rank = graph.value(layer.x).type.rank();
    layer.x_axis = static_cast<int32_t>(rank - 1);
    layer.y_axis = layer.x_axis;
    return rank < 1 ? std::nullopt : std::optional(layer);
  }
  layer.groups = node.as<ConvAttrs>().group;
  layer.unit = count_of(std::span(*shape).subspan(2));
  if (transposed) {
    layer.w_axis = 1;
    layer.in_channels = (*shape)[0];
    layer.out_channels = (*shape)[1] * layer.groups;
  } else {
    layer.out_channels = (*shape)[0];
    layer.in_channels = (*shape)[1] * layer.groups;
  }
  return layer;
}

int64_t weight_index(const QuantLayer& layer, int64_t o) {
  return layer.w_axis == 1 ? o % (layer.out_channels / layer.groups) : o;
}

Tensor absorb_scales(const QuantLayer& layer, const Tensor& weights, const std::optional<QuantParams>& x) {
  if (!x || x->scale.size() <= 1) {
    return weights;
  }
  Tensor scaled = weights.clone();
  const std::span<float> w = scaled.mutable_values<float>();
  for_each_pair(layer, [&](size_t, size_t in, int64_t first) {
    for (int64_t i = first; i < first + layer.unit; ++i) {
      w[static_cast<size_t>(i)] *= x->scale[in];
    }
  });
  return scaled;
}

Tensor release_scales(const QuantLayer& layer, const Tensor& weights, const std::optional<QuantParams>& x) {
  if (!x || x->scale.size() <= 1) {
    return weights;
  }
  QuantParams inverse = *x;
  std::ranges::transform(inverse.scale, inverse.scale.begin(), [](float scale) { return 1.0F / scale; });
  return absorb_scales(layer, weights, inverse);
}

StoredWeights store_within(const QuantLayer& layer, const Tensor& absorbed, int bits, double limit,
                           int64_t min_groups) {
  return is_groupable(layer) ? store_within(absorbed, layer.w_axis, layer.unit, bits, limit, min_groups)
                             : store_weights(absorbed, {layer.w_axis, 0}, bits);
}

Activation activation_of(const Node& node) {
  return node.op == OpKind::linear ? node.as<LinearAttrs>().activation() : node.as<ConvAttrs>().activation();
}

}  // namespace dsq
