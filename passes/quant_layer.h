// Layers: the operators that multiply an activation by stored weights (QuantRule::layer), seen alike.
#pragma once

#include <optional>

#include "src/ir/graph.h"

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

// The input channel of element `i` of the weights.
int64_t input_channel(const QuantLayer& layer, int64_t i);
// The index along w_axis that belongs to output channel `o`.
int64_t weight_index(const QuantLayer& layer, int64_t o);

// The weights with the scales of the input's channels, where it has one for each, multiplied in.
Tensor absorb_scales(const QuantLayer& layer, const Tensor& weights, const std::optional<QuantParams>& x);

// What a float layer applies to its result.
Activation activation_of(const Node& node);

}  // namespace dsq
