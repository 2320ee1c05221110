// lower_integer: turns markers and planned layers into the operators that a device executes.
//
//   static range      %x.u4 = quantize(%x)              %y = qconv(%x.u4, %w, m, b)      SEMANTICS.md, sections 3 and 4
//   run-time range    %q, %s, %z = dynamic_quantize(%x) %y = qconv(%q, %w, m, b, %s, %z)
//   float layer       %w.f32 = dequantize(%w) or cast   %y = conv(%x, %w.f32, %b)
//
//   m[o, g] = x scale * w scale[o, g] / y scale[o]      b[o] = bias[o] / y scale[o] + y zero[o]
//
// A layer whose result is read through static markers only gives integers itself, in the finest one's params.
#include <algorithm>
#include <cmath>
#include <map>

#include "passes/lowering.h"
#include "passes/passes.h"
#include "passes/plan_rules.h"
#include "src/quant/math.h"
#include "src/quant/quant_layer.h"
#include "src/runner/fold.h"

namespace dsq {
namespace {

// What replaces a marker whose range is taken at run time.
struct RunTime {
  ValueId q;
  ValueId scale;
  ValueId zero;
};

RunTime lower_dynamic_marker(Graph& graph, NodeId marker) {
  const Node node = graph.node(marker);
  const QuantSpec spec = *graph.value(node.outputs[0]).spec;
  DynamicQuantizeAttrs attrs;
  attrs.to = spec.storage;
  attrs.per = spec.range == RangeSource::per_token ? RangeAxis::token : RangeAxis::sample;
  const std::string name = graph.value(node.outputs[0]).name;
  const NodeId made = graph.add_node(OpKind::dynamic_quantize, node.name, attrs, {node.inputs[0]},
                                     {name, name + ".scale", name + ".zero"});
  const std::vector<ValueId> outputs = graph.node(made).outputs;
  const std::optional<Shape> shape = graph.value(node.inputs[0]).type.shape;
  graph.set_type(outputs[0], {spec.storage, shape});
  graph.set_spec(outputs[0], spec);
  return {outputs[0], outputs[1], outputs[2]};
}

void lower_half_marker(Graph& graph, NodeId marker) {
  const Node node = graph.node(marker);
  const ValueId half = insert_node(graph, OpKind::cast, node.name, CastAttrs{DType::f16}, {node.inputs[0]},
                                   graph.value(node.outputs[0]).name);
  const ValueId back =
      insert_node(graph, OpKind::cast, node.name, CastAttrs{DType::f32}, {half}, graph.value(node.inputs[0]).name);
  const std::optional<Shape> shape = graph.value(node.inputs[0]).type.shape;
  graph.set_type(half, {DType::f16, shape});
  graph.set_type(back, {DType::f32, shape});
  graph.replace_uses(node.outputs[0], back);
  graph.erase_node(marker);
}

Attrs with_activation(const Attrs& attrs, const Activation& act) {
  Attrs changed = attrs;
  const auto put = [&](auto& held) {
    held.act = act.kind;
    held.act_a = act.a;
    held.act_b = act.b;
  };
  if (auto* conv = std::get_if<ConvAttrs>(&changed)) {
    put(*conv);
  } else if (auto* linear = std::get_if<LinearAttrs>(&changed)) {
    put(*linear);
  }
  return changed;
}

// m and b of the header comment. `y` is null for a float result.
struct Epilogue {
  Tensor m;
  std::optional<Tensor> b;
};

Epilogue epilogue_of(const Graph& graph, const QuantLayer& layer, float x_scale, const QuantParams* y) {
  const QuantParams& w = *graph.value(layer.w).params;
  const int64_t w_channels = (*graph.value(layer.w).type.shape)[static_cast<size_t>(layer.w_axis)];
  const int64_t groups = static_cast<int64_t>(w.scale.size()) / w_channels;
  Epilogue made{Tensor(DType::f32, groups == 1 ? Shape{layer.out_channels} : Shape{layer.out_channels, groups}),
                std::nullopt};
  const std::span<float> m = made.m.mutable_values<float>();
  const Tensor* bias = graph.constant(layer.bias);
  Tensor b(DType::f32, {layer.out_channels});
  bool any = bias != nullptr;
  for (int64_t o = 0; o < layer.out_channels; ++o) {
    const auto at = static_cast<size_t>(o);
    const float y_scale = y == nullptr ? 1.0F : y->scale[y->scale.size() == 1 ? 0 : at];
    for (int64_t g = 0; g < groups; ++g) {
      m[static_cast<size_t>(o * groups + g)] =
          x_scale * w.scale[static_cast<size_t>(weight_index(layer, o) * groups + g)] / y_scale;
    }
    const float zero = y == nullptr ? 0.0F : static_cast<float>(y->zero_of(at));
    any = any || zero != 0.0F;
    b.mutable_values<float>()[at] = (bias == nullptr ? 0.0F : bias->values<float>()[at]) / y_scale + zero;
  }
  if (any) {
    made.b = std::move(b);
  }
  return made;
}

OpKind integer_form(OpKind op) {
  return op == OpKind::conv ? OpKind::qconv : op == OpKind::linear ? OpKind::qlinear : OpKind::qconv_transpose;
}

void lower_layer(Graph& graph, const QuantLayer& layer, const std::map<ValueId, RunTime>& run_time) {
  const Node node = graph.node(layer.node);
  const Value& x = graph.value(layer.x);
  const auto dynamic = run_time.find(layer.x);
  const float x_scale = dynamic == run_time.end() && x.params->scale.size() == 1 ? x.params->scale[0] : 1.0F;
  const Activation act = activation_of(node);
  std::optional<NodeId> marker = activation_is_clip(act) ? finest_static_marker(graph, layer.y) : std::nullopt;
  if (marker) {
    const Value& y = graph.value(graph.node(*marker).outputs[0]);
    const bool along_channels = y.params->scale.size() == 1 || y.params->granularity.axis == layer.y_axis;
    if (!along_channels || !keeps_clip(act, *y.params, y.spec->storage)) {
      marker.reset();
    }
  }
  QuantSpec y_spec;
  QuantParams y_params;
  if (marker) {
    y_spec = *graph.value(graph.node(*marker).outputs[0]).spec;
    y_params = *graph.value(graph.node(*marker).outputs[0]).params;
  }
  Epilogue epilogue = epilogue_of(graph, layer, x_scale, marker ? &y_params : nullptr);
  std::vector<ValueId> inputs = {layer.x, layer.w,
                                 graph.add_constant(graph.value(layer.y).name + ".m", std::move(epilogue.m))};
  if (epilogue.b || dynamic != run_time.end()) {
    inputs.push_back(epilogue.b ? graph.add_constant(graph.value(layer.y).name + ".b", std::move(*epilogue.b))
                                : ValueId::none);
  }
  if (dynamic != run_time.end()) {
    inputs[0] = dynamic->second.q;
    inputs.push_back(dynamic->second.scale);
    inputs.push_back(dynamic->second.zero);
  }
  graph.set_params(layer.w, std::nullopt);
  graph.set_spec(layer.w, std::nullopt);
  const Attrs attrs = marker ? with_activation(node.attrs, clip_in_steps(act, y_params, y_spec.storage)) : node.attrs;
  const ValueId y = replace_node(graph, layer.node, integer_form(node.op), attrs, std::move(inputs));
  if (marker) {
    make_integer(graph, y, y_spec, y_params);
    graph.replace_uses(graph.node(*marker).outputs[0], y);
    graph.erase_node(*marker);
  }
}

}  // namespace

Result<bool> lower_integer(Graph& graph, PassContext&) {
  // Everything below makes a value, or settles a spec.
  const size_t values = graph.value_slots();
  const bool planned =
      std::ranges::any_of(graph.values(), [&](ValueId id) { return graph.value(id).spec.has_value(); });
  // Values that moved integers through (hoist_markers) take their storage type now.
  for (const ValueId id : graph.values()) {
    const Value& value = graph.value(id);
    if (is_static_integer(graph, id) && value.producer != NodeId::none) {
      graph.set_type(id, {value.spec->storage, value.type.shape});
    }
  }
  std::map<ValueId, RunTime> run_time;
  std::vector<NodeId> dynamic_markers;
  for (const NodeId id : graph.topo_order()) {
    const Node& node = graph.node(id);
    if (node.op != OpKind::requantize || node.inputs.size() > 1) {
      continue;
    }
    const QuantSpec& spec = *graph.value(node.outputs[0]).spec;
    if (spec.storage == DType::f16) {
      lower_half_marker(graph, id);
    } else if (spec.range == RangeSource::per_sample || spec.range == RangeSource::per_token) {
      dynamic_markers.push_back(id);
      const ValueId marked = node.outputs[0];  // adding nodes moves `node`
      run_time.emplace(marked, lower_dynamic_marker(graph, id));
    }
  }
  for (const NodeId id : graph.topo_order()) {
    const std::optional<QuantLayer> layer = quant_layer_at(graph, id);
    if (layer && graph.value(layer->w).params && (run_time.contains(layer->x) || is_static_integer(graph, layer->x))) {
      lower_layer(graph, *layer, run_time);
    } else {
      DSQ_TRY(lower_between(graph, id));
    }
  }
  for (const NodeId marker : dynamic_markers) {
    const ValueId q = run_time.at(graph.node(marker).outputs[0]).q;
    const std::string name = graph.value(graph.node(marker).outputs[0]).name;
    graph.erase_node(marker);
    graph.rename(q, name);
  }
  lower_static_markers(graph);
  restore_floats(graph);
  for (const ValueId id : graph.values()) {
    graph.set_spec(id, std::nullopt);  // every wish is met
  }
  const bool dropped = drop_dead(graph);
  return planned || dropped || graph.value_slots() != values;
}

}  // namespace dsq
