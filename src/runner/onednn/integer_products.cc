// qconv and qlinear as IntegerLayer.
#include "src/runner/onednn/integer_layer.h"
#include "src/runner/onednn/layers.h"
#include "src/runner/portable/dispatch.h"

namespace dsq::onednn {
namespace {

using portable::raw;

std::vector<int8_t> weights_of(const Tensor& w) {
  std::vector<int8_t> bytes(static_cast<size_t>(w.count()));
  for (int64_t i = 0; i < w.count(); ++i) {
    bytes[static_cast<size_t>(i)] =
        w.dtype() == DType::i4 ? static_cast<int8_t>(get_nibble(w.bytes().data(), i, true)) : raw<int8_t>(w)[i];
  }
  return bytes;
}

bool constants_known(const Graph& graph, const Node& node) {
  const Tensor* w = graph.constant(node.inputs[1]);
  return w != nullptr && w->count() > 0 && (w->dtype() == DType::i8 || w->dtype() == DType::i4) &&
         graph.is_constant(node.inputs[2]) && (!node.has_input(3) || graph.is_constant(node.inputs[3]));
}

// Everything but shapes and activation.
std::shared_ptr<IntegerLayer> layer_of(const Graph& graph, const Node& node) {
  auto layer = std::make_shared<IntegerLayer>();
  const Tensor& w = *graph.constant(node.inputs[1]);
  const std::span<const float> m = graph.constant(node.inputs[2])->values<float>();
  const int64_t channels = w.shape()[0];
  layer->weights = weights_of(w);
  layer->scale_groups = static_cast<int64_t>(m.size()) / channels;
  for (int64_t g = 0; g < layer->scale_groups; ++g) {
    for (int64_t c = 0; c < channels; ++c) {
      layer->m.push_back(m[static_cast<size_t>(c * layer->scale_groups + g)]);
    }
  }
  if (node.has_input(3)) {
    const std::span<const float> b = graph.constant(node.inputs[3])->values<float>();
    layer->b.assign(b.begin(), b.end());
  }
  layer->x_type = graph.value(node.inputs[0]).type.dtype;
  layer->y_type = graph.value(node.outputs[0]).type.dtype;
  layer->params = graph.value(node.inputs[0]).params;
  layer->run_time_scale = node.has_input(4);
  layer->run_time_zero = node.has_input(5);
  return layer;
}

int64_t run_time_scales(const Graph& graph, const Node& node) {
  return node.has_input(4) ? count_of(*graph.value(node.inputs[4]).type.shape) : 0;
}

}  // namespace

Prepared prepare_qconv(const Graph& graph, const Node& node) {
  const auto& attrs = node.as<ConvAttrs>();
  if (attrs.layout != Layout::channels_last || !constants_known(graph, node)) {
    return std::optional<Kernel>();
  }
  std::shared_ptr<IntegerLayer> layer = layer_of(graph, node);
  layer->x = *graph.value(node.inputs[0]).type.shape;
  layer->y = *graph.value(node.outputs[0]).type.shape;
  const Shape spatial(layer->x.begin() + 1, layer->x.end() - 1);
  layer->window = DSQ_TRY(window_of(attrs, std::span(*graph.value(node.inputs[1]).type.shape).subspan(2), spatial));
  layer->group = attrs.group;
  layer->act = attrs.activation();
  return std::optional(integer_kernel(std::move(layer), run_time_scales(graph, node)));
}

Prepared prepare_qlinear(const Graph& graph, const Node& node) {
  const TensorType& x = graph.value(node.inputs[0]).type;
  const TensorType& y = graph.value(node.outputs[0]).type;
  if (!constants_known(graph, node) || !x.known() || !y.known() || count_of(*x.shape) == 0) {
    return std::optional<Kernel>();
  }
  std::shared_ptr<IntegerLayer> layer = layer_of(graph, node);
  const int64_t k = x.shape->back();
  const int64_t rows = count_of(*x.shape) / k;
  layer->x = {1, rows, k};
  layer->y = {1, rows, y.shape->back()};
  WindowAxis axis;
  axis.in = axis.out = rows;
  layer->window = {axis};
  layer->act = node.as<LinearAttrs>().activation();
  if (layer->params && layer->params->granularity != Granularity{}) {
    if (layer->params->granularity != Granularity{static_cast<int32_t>(x.rank() - 1), 0}) {
      return std::optional<Kernel>();
    }
    layer->params->granularity.axis = 2;
  }
  return std::optional(integer_kernel(std::move(layer), run_time_scales(graph, node)));
}

}  // namespace dsq::onednn
