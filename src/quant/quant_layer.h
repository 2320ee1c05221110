// Layers: the operators that multiply an activation by stored weights (QuantRule::layer), seen alike.
#pragma once

#include <optional>

#include "src/ir/graph.h"
#include "src/quant/weights.h"

namespace dsq {

struct QuantLayer {
  NodeId node = NodeId::none;
  ValueId x = ValueId::none;
  ValueId w = ValueId::none;
  ValueId bias = ValueId::none;  // none when there is none
  ValueId y = ValueId::none;
  int32_t x_axis = 1;  // the channel axis of x
  int32_t y_axis = 1;  // the channel axis of y
  int32_t w_axis = 0;  // the axis of w that has a scale for each index
  int64_t unit = 1;    // elements of w for one input channel and one output channel
  int64_t in_channels = 0;
  int64_t out_channels = 0;
  int64_t groups = 1;
};

// The layer at this node when its weights are a constant of known layout: conv, conv_transpose, linear and their
// integer forms.
std::optional<QuantLayer> quant_layer_at(const Graph& graph, NodeId id);

// f(output channel, input channel, first of the `unit` weights between them), in the order of the weights: conv
// [out, in / groups, window], conv_transpose [in, out / groups, window], linear [out, in].
template <class F>
void for_each_pair(const QuantLayer& layer, F f) {
  const bool transposed = layer.w_axis == 1;
  const int64_t first = transposed ? layer.in_channels : layer.out_channels;
  const int64_t second = (transposed ? layer.out_channels : layer.in_channels) / layer.groups;
  for (int64_t a = 0; a < first; ++a) {
    const int64_t base = a / (first / layer.groups) * second;
    for (int64_t b = 0; b < second; ++b) {
      const auto own = static_cast<size_t>(a);
      const auto other = static_cast<size_t>(base + b);
      f(transposed ? other : own, transposed ? own : other, (a * second + b) * layer.unit);
    }
  }
}
// The index along w_axis that belongs to output channel `o`.
int64_t weight_index(const QuantLayer& layer, int64_t o);

// The weights with the scales of the input's channels, where it has one for each, multiplied in.
Tensor absorb_scales(const QuantLayer& layer, const Tensor& weights, const std::optional<QuantParams>& x);

// Undoes it: the weights as they act beside reals, not beside levels.
Tensor release_scales(const QuantLayer& layer, const Tensor& weights, const std::optional<QuantParams>& x);

// Whether groups of a layer's input channels can have scales of their own. Those of a grouped transposed convolution would
// mix its output groups, which share scales.
inline bool is_groupable(const QuantLayer& layer) { return layer.w_axis == 0 || layer.groups == 1; }
// `absorbed`, the layer's weights, stored with as many scales as the limit asks for, where it may have more than one.
StoredWeights store_within(const QuantLayer& layer, const Tensor& absorbed, int bits, double limit,
                           int64_t min_groups = 1);

// What a float layer applies to its result.
Activation activation_of(const Node& node);

}  // namespace dsq
