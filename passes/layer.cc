#include "passes/layer.h"

#include <algorithm>

namespace dsq {
namespace {

std::vector<double> bias_of(const Layer& layer) {
  std::vector<double> bias(static_cast<size_t>(layer.shape.out_channels), 0.0);
  if (layer.bias) {
    std::ranges::copy(layer.bias->values<float>(), bias.begin());
  }
  return bias;
}

std::optional<LayerParameters> checked(Tensor weights, const std::vector<double>& bias) {
  Tensor rounded(DType::f32, {static_cast<int64_t>(bias.size())});
  std::ranges::transform(bias, rounded.mutable_values<float>().begin(), [](double v) { return static_cast<float>(v); });
  if (!all_finite(weights) || !all_finite(rounded)) {
    return std::nullopt;
  }
  return LayerParameters{std::move(weights), std::move(rounded)};
}

bool is_plain(const Node& node) {
  const auto* conv = std::get_if<ConvAttrs>(&node.attrs);
  const auto* linear = std::get_if<LinearAttrs>(&node.attrs);
  const bool adds = conv != nullptr ? conv->adds : linear->adds;
  const ActKind act = conv != nullptr ? conv->act : linear->act;
  return !adds && act == ActKind::none && !node.has_input(3);
}

}  // namespace

std::optional<Layer> layer_of(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  const bool is_layer = node.op == OpKind::conv || node.op == OpKind::conv_transpose || node.op == OpKind::linear;
  if (!is_layer || !is_plain(node)) {
    return std::nullopt;
  }
  const Tensor* weights = graph.constant(node.input(1));
  const Tensor* bias = graph.constant(node.input(2));
  const bool fits = weights != nullptr && weights->dtype() == DType::f32 && weights->rank() >= 2;
  if (!fits || (node.has_input(2) && (bias == nullptr || bias->dtype() != DType::f32))) {
    return std::nullopt;
  }
  const std::optional<QuantLayer> shape = quant_layer_at(graph, id);
  if (!shape) {
    return std::nullopt;  // no weights at all
  }
  Layer layer;
  layer.node = id;
  layer.shape = *shape;
  layer.op = node.op;
  layer.weights = *weights;
  if (bias != nullptr) {
    layer.bias = *bias;
  }
  layer.rank = node.op == OpKind::linear ? rank_of(graph, node.outputs.front()) : weights->rank();
  return layer;
}

std::optional<Layer> layer_before(const Graph& graph, ValueId value) {
  const NodeId producer = graph.value(value).producer;
  return producer != NodeId::none && sole_user(graph, value) ? layer_of(graph, producer) : std::nullopt;
}

std::optional<LayerParameters> scale_output(const Layer& layer, std::span<const double> scale,
                                            std::span<const double> shift) {
  Tensor weights = layer.weights;
  const std::span<float> w = weights.mutable_values<float>();
  const int64_t inner = layer.shape.unit;
  for_each_pair(layer.shape, [&](size_t out, size_t, int64_t first) {
    for (int64_t i = first; i < first + inner; ++i) {
      w[static_cast<size_t>(i)] = static_cast<float>(w[static_cast<size_t>(i)] * scale[out]);
    }
  });
  std::vector<double> bias = bias_of(layer);
  for (size_t o = 0; o < bias.size(); ++o) {
    bias[o] = bias[o] * scale[o] + shift[o];
  }
  return checked(std::move(weights), bias);
}

std::optional<LayerParameters> scale_input(const Layer& layer, std::span<const double> scale,
                                           std::span<const double> shift) {
  Tensor weights = layer.weights;
  const std::span<float> w = weights.mutable_values<float>();
  const int64_t inner = layer.shape.unit;
  std::vector<double> bias = bias_of(layer);
  for_each_pair(layer.shape, [&](size_t out, size_t in, int64_t first) {
    for (int64_t i = first; i < first + inner; ++i) {
      float& each = w[static_cast<size_t>(i)];
      bias[out] += each * shift[in];
      each = static_cast<float>(each * scale[in]);
    }
  });
  return checked(std::move(weights), bias);
}

bool reads_padding(const Graph& graph, const Layer& layer) {
  if (layer.op == OpKind::linear) {
    return false;
  }
  if (layer.op == OpKind::conv_transpose) {
    return true;  // outputs at the border sum over fewer inputs, as if zeros lay around
  }
  const auto& attrs = graph.node(layer.node).as<ConvAttrs>();
  const bool same = attrs.auto_pad == AutoPad::same_upper || attrs.auto_pad == AutoPad::same_lower;
  const bool explicit_pads =
      attrs.auto_pad == AutoPad::notset && std::ranges::any_of(attrs.pads, [](int64_t pad) { return pad != 0; });
  return same || explicit_pads;
}

void set_parameters(Graph& graph, const Layer& layer, LayerParameters parameters) {
  const std::string base = label_of(graph, layer.node);
  replace_constant(graph, layer.node, 1, base + ".weight", std::move(parameters.weights));
  const std::span<const float> bias = parameters.bias.values<float>();
  if (layer.bias || std::ranges::any_of(bias, [](float v) { return v != 0.0F; })) {
    replace_constant(graph, layer.node, 2, base + ".bias", std::move(parameters.bias));
  }
}

}  // namespace dsq
