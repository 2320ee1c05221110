// A layer with stored weights as folding passes see it, and what a factor and an offset per channel, on either side of
// it, do to its weights and bias. Computed in double, rounded once.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "passes/match.h"
#include "src/quant/quant_layer.h"

namespace dsq {

struct Layer {
  NodeId node = NodeId::none;
  OpKind op = OpKind::linear;
  Tensor weights;              // conv [O, I/g, k...], conv_transpose [I, O/g, k...], linear [O, I]
  std::optional<Tensor> bias;  // [O]
  QuantLayer shape;            // channels and groups
  int64_t rank = kUnknown;     // of input and output
  // The axis of the channels in input and output, for a known rank.
  int64_t channel_axis() const { return op == OpKind::linear ? rank - 1 : 1; }
};

// conv, conv_transpose or linear in f32, with constant weights and a constant bias or none, that neither adds a tensor
// nor applies an activation.
std::optional<Layer> layer_of(const Graph& graph, NodeId node);
// The layer that makes `value`, when `value` has no second use.
std::optional<Layer> layer_before(const Graph& graph, ValueId value);

struct LayerParameters {
  Tensor weights;
  Tensor bias;
};
// The parameters of y * scale + shift, per output channel. Null when a number would not be finite.
std::optional<LayerParameters> scale_output(const Layer& layer, std::span<const double> scale,
                                            std::span<const double> shift);
// The parameters of layer(x * scale + shift), per input channel: right only where no padding enters the sum, or where
// the shift is zero. Null when a number would not be finite.
std::optional<LayerParameters> scale_input(const Layer& layer, std::span<const double> scale,
                                           std::span<const double> shift);
// Whether zeros from outside the input enter the layer's sums.
bool reads_padding(const Graph& graph, const Layer& layer);

void set_parameters(Graph& graph, const Layer& layer, LayerParameters parameters);

}  // namespace dsq
