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

int64_t Patches::place_of_tap(int64_t position, int64_t tap) const {
  int64_t at = 0;
  int64_t stride = 1;
  for (size_t d = window_.size(); d-- > 0;) {
    const WindowAxis& axis = window_[d];
    const int64_t step = tap % axis.kernel * axis.dilation;
    const int64_t place = position % axis.out;
    int64_t in = place * axis.stride - axis.pad_begin + step;
    if (transposed_) {
      const int64_t spread = place + axis.pad_begin - step;
      in = spread >= 0 && spread % axis.stride == 0 ? spread / axis.stride : axis.in;
    }
    if (in < 0 || in >= axis.in) {
      return kOutside;
    }
    at += in * stride;
    stride *= axis.in;
    tap /= axis.kernel;
    position /= axis.out;
  }
  return at;
}

Patches::Places Patches::places(int64_t first, int64_t stride, int64_t count) const {
  Places places;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t row = first + i * stride;
    places.samples.push_back(row / positions_ * layer_.in_channels * plane_);
    for (int64_t tap = 0; tap < layer_.unit; ++tap) {
      places.taps.push_back(place_of_tap(row % positions_, tap));
    }
  }
  return places;
}

void Patches::fill(const Tensor& x, int64_t group, const Places& places, int64_t begin, int64_t end, float* out,
                   int64_t width) const {
  const float* values = x.values<float>().data();
  const int64_t channels = layer_.in_channels / layer_.groups;
  if (window_.empty()) {
    for (int64_t row = begin; row < end; ++row) {
      std::copy_n(values + places.samples[static_cast<size_t>(row)], channels, out + (row - begin) * width);
    }
    return;
  }
  // Channel by channel: rows that follow each other lie next to each other there.
  for (int64_t c = 0; c < channels; ++c) {
    const int64_t channel = (group * channels + c) * plane_;
    for (int64_t row = begin; row < end; ++row) {
      const float* from = values + places.samples[static_cast<size_t>(row)] + channel;
      const int64_t* taps = places.taps.data() + row * layer_.unit;
      float* to = out + (row - begin) * width + c * layer_.unit;
      for (int64_t tap = 0; tap < layer_.unit; ++tap) {
        to[tap] = taps[tap] == kOutside ? 0.0F : from[taps[tap]];
      }
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
