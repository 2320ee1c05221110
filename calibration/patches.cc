#include "calibration/patches.h"

#include <algorithm>

namespace dsq {

Result<Patches> Patches::make(const Graph& graph, const QuantLayer& layer, const Shape& x) {
  Patches patches;
  patches.layer_ = layer;
  const Node& node = graph.node(layer.node);
  if (node.op == OpKind::linear) {
    patches.batch_ = x.empty() || x.back() == 0 ? 0 : count_of(x) / x.back();
    return patches;
  }
  patches.transposed_ = node.op == OpKind::conv_transpose;
  const Shape kernel(graph.constant(layer.w)->shape().begin() + 2, graph.constant(layer.w)->shape().end());
  const std::span<const int64_t> spatial = std::span(x).subspan(2);
  const auto& attrs = node.as<ConvAttrs>();
  patches.window_ =
      DSQ_TRY(patches.transposed_ ? transposed_window_of(attrs, kernel, spatial) : window_of(attrs, kernel, spatial));
  patches.batch_ = x[0];
  patches.plane_ = count_of(spatial);
  for (const WindowAxis& axis : patches.window_) {
    patches.positions_ *= axis.out;
  }
  return patches;
}

void Patches::fill(const Tensor& x, int64_t group, int64_t row, float* out) const {
  const std::span<const float> values = x.values<float>();
  const int64_t channels = layer_.in_channels / layer_.groups;
  if (window_.empty()) {
    std::copy_n(values.begin() + row * layer_.in_channels, channels, out);
    return;
  }
  const int64_t sample = row / positions_;
  const auto first = values.begin() + (sample * layer_.in_channels + group * channels) * plane_;
  for (int64_t tap = 0; tap < layer_.unit; ++tap) {
    int64_t rest = tap;
    int64_t position = row % positions_;
    int64_t at = 0;
    int64_t stride = 1;
    bool inside = true;
    for (size_t d = window_.size(); d-- > 0 && inside;) {
      const WindowAxis& axis = window_[d];
      const int64_t step = rest % axis.kernel * axis.dilation;
      const int64_t place = position % axis.out;
      int64_t in = place * axis.stride - axis.pad_begin + step;
      if (transposed_) {
        const int64_t spread = place + axis.pad_begin - step;
        inside = spread >= 0 && spread % axis.stride == 0;
        in = spread / axis.stride;
      }
      inside = inside && in >= 0 && in < axis.in;
      at += in * stride;
      stride *= axis.in;
      rest /= axis.kernel;
      position /= axis.out;
    }
    for (int64_t c = 0; c < channels; ++c) {
      out[c * layer_.unit + tap] = inside ? first[c * plane_ + at] : 0.0F;
    }
  }
}

int64_t weight_at(const QuantLayer& layer, int64_t group, int64_t column, int64_t output) {
  const int64_t outputs = outputs_of(layer);
  if (layer.w_axis == 0) {
    return (group * outputs + output) * columns_of(layer) + column;
  }
  const int64_t channel = group * (layer.in_channels / layer.groups) + column / layer.unit;
  return (channel * outputs + output) * layer.unit + column % layer.unit;
}

}  // namespace dsq
