// plan_quant: decides what is quantized, and how.
//
//   Before  %y = conv(%x, %w, %b)
//   After   %x.u4 = requantize(%x)  spec(u4, axis=1, calibrated)      a marker: values pass through it until lowering
//           %y = conv(%x.u4, %w, %b)    %w spec(i8, axis=0)
//
// Activations: with calibrated ranges they have a scale for each channel, which the 8-bit weights absorb
// (quantize_weights). Values of 8 bits have one scale in a network of 4 bits, where operators between layers read them
// too (plan_between), where they only change their shape before the layer, and where the weights cannot absorb the scales
// (assign_params). Without data, ranges are taken at run time: for each sample, or for each token where a linear layer
// sees sequences. The first and last layers get 8 bits.
#include <algorithm>
#include <set>

#include "passes/marker.h"
#include "passes/match.h"
#include "passes/passes.h"
#include "passes/plan_rules.h"
#include "src/ops/op_def.h"
#include "src/quant/quant_layer.h"

namespace dsq {
namespace {

// Whether the operator that makes a value only moves elements, and not along with their channels on that axis.
bool changes_shape(const Graph& graph, ValueId value, int32_t axis) {
  const NodeId maker = graph.value(value).producer;
  return maker != NodeId::none && op_def(graph.node(maker).op).rule == QuantRule::same_scale &&
         !keeps_channels(graph.node(maker).op, axis);
}

QuantSpec act_spec(const Graph& graph, const QuantLayer& layer, Precision act, const Recipe& recipe) {
  const TensorType& x = graph.value(layer.x).type;
  const bool channels_known = x.shape && (*x.shape)[static_cast<size_t>(layer.x_axis)] != kUnknown;
  QuantSpec spec;
  spec.storage = act == Precision::fp16 ? DType::f16 : act == Precision::int4 ? DType::u4 : DType::u8;
  if (act == Precision::fp16) {
    spec.range = RangeSource::fixed;
  } else if (recipe.calibrated && !recipe.run_time.contains({label_of(graph, layer.node), act})) {
    spec.range = RangeSource::calibrated;
    // A channel axis that is open may have another length in the next sample.
    // What 4-bit layers make strays beyond what the channels of the float network reach: one scale has room for it.
    const bool apart =
        channels_known && act == recipe.act && (act == Precision::int4 || !changes_shape(graph, layer.x, layer.x_axis));
    spec.granularity.axis = apart ? layer.x_axis : -1;
  } else {
    spec.range = range_at_run_time(graph, layer);
  }
  return spec;
}

QuantSpec weight_spec(const QuantLayer& layer, Precision weights) {
  QuantSpec spec;
  spec.storage = weights == Precision::fp16 ? DType::f16 : weights == Precision::int4 ? DType::i4 : DType::i8;
  spec.granularity.axis = weights == Precision::fp16 ? -1 : layer.w_axis;
  spec.symmetric = true;
  spec.range = RangeSource::fixed;
  return spec;
}

// The ranges that an imported model brought along have moved to the markers that use them.
bool forget_imported(Graph& graph, const std::set<ValueId>& planned_weights) {
  bool changed = false;
  for (const ValueId id : graph.values()) {
    const Value& value = graph.value(id);
    const bool marked = value.producer != NodeId::none && is_marker(graph, value.producer);
    if ((value.spec || value.params) && !planned_weights.contains(id) && !marked) {
      graph.set_spec(id, std::nullopt);
      graph.set_params(id, std::nullopt);
      changed = true;
    }
  }
  return changed;
}

}  // namespace

Result<bool> plan_quant(Graph& graph, PassContext& context) {
  DSQ_TRY(check_selectors(graph, context.recipe));
  const Edges edges = edges_of(graph);
  const bool calibrated = context.recipe.calibrated;
  bool changed = false;
  Markers markers(graph);
  std::set<NodeId> integer_nodes;  // whose results can be integers
  std::set<ValueId> planned_weights;
  for (const NodeId id : graph.topo_order()) {
    const std::optional<QuantLayer> layer = quant_layer_at(graph, id);
    if (!layer) {
      continue;
    }
    const Node node = graph.node(id);
    if (const std::optional<std::string> reason = stays_float(graph, *layer)) {
      context.diag.note(label_of(graph, id), *reason);
      continue;
    }
    const Decision decision = decide(context.recipe, graph, node, edges.contains(id));
    changed = changed || decision.weights != Precision::floating || decision.act != Precision::floating;
    if (decision.weights != Precision::floating) {
      if (graph.value(layer->w).users.size() > 1 || graph.is_output(layer->w)) {
        const ValueId own = graph.add_constant(graph.value(layer->w).name, *graph.constant(layer->w));
        graph.set_input(id, 1, own);
      }
      graph.set_spec(graph.node(id).inputs[1], weight_spec(*layer, decision.weights));
      planned_weights.insert(graph.node(id).inputs[1]);
    }
    if (decision.act == Precision::floating) {
      continue;
    }
    const std::optional<QuantSpec>& imported = graph.value(layer->x).spec;
    const bool fixed = imported && imported->range == RangeSource::fixed && decision.act != Precision::fp16;
    const QuantSpec spec = fixed ? *imported : act_spec(graph, *layer, decision.act, context.recipe);
    graph.set_input(id, 0, markers.on(layer->x, spec));
    if (is_integer(decision.act) && activation_is_clip(activation_of(node))) {
      integer_nodes.insert(id);
    }
  }
  if (calibrated && is_integer(context.recipe.act)) {
    plan_between(graph, markers, std::move(integer_nodes));
  }
  return forget_imported(graph, planned_weights) || changed;
}

}  // namespace dsq
