// quantize_weights: stores the weights of planned layers as integers, or as fp16.
//
//   y[o] = sum_c s[c] * level(x[c]) * W[o, c]  =  sum_c level(x[c]) * (s[c] * W[o, c])
//
// A scale s for each input channel is absorbed into W before W is rounded, so it costs nothing at run time. The error
// of what is stored is measured against what it stands for, s * W; above the limit it gets scales for groups of input
// channels. What does not reach the limit even so stays in fp16, or in fp32 where fp16 misses it too.
#include <cmath>

#include "passes/half.h"
#include "passes/match.h"
#include "passes/passes.h"
#include "passes/plan_rules.h"
#include "src/quant/quant_layer.h"
#include "src/quant/weights.h"

namespace dsq {
namespace {

// Stores fp16 where that is within the limit, fp32 otherwise.
void store_float(Graph& graph, ValueId w, double limit) {
  const Tensor half = to_half(*graph.constant(w));
  const double error = relative_error(from_half(half), *graph.constant(w));
  graph.set_spec(w, std::nullopt);
  if (std::isfinite(error) && error <= limit) {
    graph.set_constant(w, half);
  }
}

// Into how many sums the products of one output have to be cut so that none can leave int32 (SEMANTICS.md, section 4).
int64_t sums_apart(const Graph& graph, const QuantLayer& layer, const Tensor& weights) {
  const std::optional<QuantSpec>& x = graph.value(layer.x).spec;
  if (!x || !is_integer(x->storage)) {
    return 1;
  }
  const int64_t level = std::max(-range_of(x->storage).low, range_of(x->storage).high);
  const int64_t terms = weights.count() / (*graph.value(layer.w).type.shape)[static_cast<size_t>(layer.w_axis)];
  return terms * level * 127 / INT32_MAX + 1;
}

void store_layer(Graph& graph, const QuantLayer& layer, PassContext& context) {
  const Node node = graph.node(layer.node);
  const std::string label = label_of(graph, layer.node);
  const QuantSpec spec = *graph.value(layer.w).spec;
  const double limit = context.recipe.max_weight_error;
  if (spec.storage == DType::f16) {
    return store_float(graph, layer.w, limit);
  }
  const NodeId maker = graph.value(layer.x).producer;
  const bool marked = maker != NodeId::none && graph.node(maker).op == OpKind::requantize;
  const Tensor weights = absorb_scales(layer, *graph.constant(layer.w), graph.value(layer.x).params);
  const int bits = weight_bits(context.recipe, graph, node, spec.storage);
  // Below 8 bits the limit is out of reach for per-channel scales; asking for them is a choice of its own.
  const double enforced = bits == 8 ? limit : 1.0;
  const int64_t parts = sums_apart(graph, layer, weights);
  if (parts > 1 && !is_groupable(layer)) {
    context.diag.note(label, "its weights stay float: its integer sums could overflow");
    if (marked) {
      graph.set_input(layer.node, 0, graph.node(maker).inputs[0]);
    }
    return store_float(graph, layer.w, limit);
  }
  StoredWeights stored = store_within(layer, weights, bits, enforced, parts);
  if (!(stored.error <= enforced)) {  // NaN: absorbed weights beyond f32
    context.diag.note(
        label,
        std::isnan(stored.error)
            ? "its weights stay float: with the scales of its input they leave the range of f32"
            : fmt::format("its weights stay float: {:.2f} % error in its int{} weights, above the limit of {:.2f} %",
                          stored.error * 100, bits, limit * 100));
    if (marked) {
      graph.set_input(layer.node, 0, graph.node(maker).inputs[0]);
    }
    return store_float(graph, layer.w, limit);
  }
  if (stored.params.granularity.group > 0) {
    context.diag.note(
        label, fmt::format("its weights get scales for groups of {} elements: {:.2f} % error instead of {:.2f} %",
                           stored.params.granularity.group, stored.error * 100,
                           store_weights(weights, {layer.w_axis, 0}, bits).error * 100));
  }
  graph.set_constant(layer.w, std::move(stored.values));
  graph.set_params(layer.w, std::move(stored.params));
}

}  // namespace

Result<bool> quantize_weights(Graph& graph, PassContext& context) {
  bool changed = false;
  int64_t done = 0;
  for (const NodeId id : graph.topo_order()) {
    const std::optional<QuantLayer> layer = quant_layer_at(graph, id);
    if (layer && context.progress != nullptr) {
      context.progress->step(done++);
    }
    if (layer && graph.value(layer->w).spec && graph.constant(layer->w)->dtype() == DType::f32) {
      store_layer(graph, *layer, context);
      changed = true;
    }
  }
  return changed;
}

}  // namespace dsq
