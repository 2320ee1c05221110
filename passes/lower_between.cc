// The integer forms of what stands between integer layers (plan_between.cc):
//
//   add       %s.u8 = qadd(%a, %b, ma, mb, c)       ma = a scale / y scale, mb likewise, c = y zero
//   average   %p.u8 = qavg_pool(%x, m, b)           m = x scale / (count y scale), b = y zero
//   function  %f.u8 = lut(%x, table)                table[q] = quantize(f(x scale (q - x zero)))
//   clip      %y.u4 = requantize(%x, m, b)          where y has a scale for each channel and ends where the clip does
#include <algorithm>
#include <limits>

#include "passes/lowering.h"
#include "passes/match.h"
#include "passes/plan_rules.h"
#include "src/ops/op_def.h"
#include "src/quant/math.h"
#include "src/runner/fold.h"

namespace dsq {
namespace {

// Integers of one uniform scale.
bool is_ready(const Graph& graph, ValueId v) {
  return is_static_integer(graph, v) && graph.value(v).params->scale.size() == 1 &&
         graph.value(v).params->levels.empty();
}

// One value for each of y's scales.
template <class F>
ValueId per_scale(Graph& graph, const std::string& name, const QuantParams& y, F f) {
  Tensor vector(DType::f32, {static_cast<int64_t>(y.scale.size())});
  for (size_t c = 0; c < y.scale.size(); ++c) {
    vector.mutable_values<float>()[c] = f(c);
  }
  return graph.add_constant(name, std::move(vector));
}

// `integer` holds from here on what stood behind the marker.
void replace_marker(Graph& graph, NodeId marker, ValueId integer) {
  const ValueId marked = graph.node(marker).outputs[0];
  graph.set_type(integer, graph.value(marked).type);
  make_integer(graph, integer, *graph.value(marked).spec, *graph.value(marked).params);
  graph.replace_uses(marked, integer);
  graph.erase_node(marker);
}

bool axis_is_one(const QuantParams& y) { return y.scale.size() == 1 || y.granularity.axis == 1; }

bool sum_fits(const Graph& graph, const Node& node, std::span<const NodeId> markers) {
  const auto* act = std::get_if<ActAttrs>(&node.attrs);
  return is_ready(graph, node.inputs[0]) && is_ready(graph, node.inputs[1]) &&
         std::ranges::all_of(markers, [&](NodeId marker) {
           const Value& y = graph.value(graph.node(marker).outputs[0]);
           return axis_is_one(*y.params) &&
                  (act == nullptr || keeps_clip(act->activation(), *y.params, y.spec->storage));
         });
}

ValueId lower_sum(Graph& graph, const Node& node, NodeId marker) {
  const ValueId marked = graph.node(marker).outputs[0];
  const std::string name = graph.value(marked).name;
  const DType storage = graph.value(marked).spec->storage;
  const QuantParams y = *graph.value(marked).params;
  const float a = graph.value(node.inputs[0]).params->scale[0];
  const float b = graph.value(node.inputs[1]).params->scale[0];
  const ValueId ma = per_scale(graph, name + ".ma", y, [&](size_t c) { return a / y.scale[c]; });
  const ValueId mb = per_scale(graph, name + ".mb", y, [&](size_t c) { return b / y.scale[c]; });
  const ValueId shift = per_scale(graph, name + ".c", y, [&](size_t c) { return static_cast<float>(y.zero_of(c)); });
  ActAttrs attrs;
  if (const auto* held = std::get_if<ActAttrs>(&node.attrs)) {
    const Activation steps = clip_in_steps(held->activation(), y, storage);
    attrs = {steps.kind, steps.a, steps.b};
  }
  return insert_node(graph, OpKind::qadd, node.name, attrs, {node.inputs[0], node.inputs[1], ma, mb, shift}, name);
}

ValueId lower_average(Graph& graph, const Node& node, const PoolAttrs& window, NodeId marker) {
  const ValueId marked = graph.node(marker).outputs[0];
  const std::string name = graph.value(marked).name;
  const QuantParams y = *graph.value(marked).params;
  const double x = graph.value(node.inputs[0]).params->scale[0];
  const auto count = static_cast<double>(count_of(window.kernel));
  const ValueId m = per_scale(graph, name + ".m", y, [&](size_t c) {
    return static_cast<float>(x / (count * static_cast<double>(y.scale[c])));
  });
  const ValueId b = per_scale(graph, name + ".b", y, [&](size_t c) { return static_cast<float>(y.zero_of(c)); });
  const ValueId pooled = insert_node(graph, OpKind::qavg_pool, node.name, window, {node.inputs[0], m, b}, name);
  const auto* reduction = std::get_if<ReduceAttrs>(&node.attrs);
  if (reduction == nullptr || reduction->keepdims) {
    return pooled;
  }
  Shape kept = *graph.value(node.inputs[0]).type.shape;
  Shape axes;
  for (size_t i = 2; i < kept.size(); ++i) {
    kept[i] = 1;
    axes.push_back(static_cast<int64_t>(i));
  }
  graph.set_type(pooled, {DType::f32, kept});
  make_integer(graph, pooled, *graph.value(marked).spec, y);
  const ValueId out = graph.add_constant(name + ".axes", Tensor::ints(axes));
  return insert_node(graph, OpKind::squeeze, node.name, NoAttrs{}, {pooled, out}, name);
}

// What the node computes of every integer that its input can be.
Result<Tensor> function_of_levels(const Graph& graph, const Node& node) {
  const Value& x = graph.value(node.inputs[0]);
  const IntRange range = range_of(x.spec->storage);
  std::vector<float> reals;
  for (int64_t q = range.low; q <= range.high; ++q) {
    reals.push_back(dequantize(static_cast<int32_t>(q), x.params->scale[0], x.params->zero_of(0)));
  }
  Graph alone;
  std::vector<ValueId> inputs = {
      alone.add_constant("x", Tensor::of<float>({static_cast<int64_t>(reals.size())}, std::span<const float>(reals)))};
  for (size_t i = 1; i < node.inputs.size(); ++i) {
    const Tensor* constant = graph.constant(node.inputs[i]);
    inputs.push_back(constant == nullptr ? ValueId::none
                                         : alone.add_constant(graph.value(node.inputs[i]).name, *constant));
  }
  const NodeId made = alone.add_node(node.op, node.name, node.attrs, inputs, {"y"});
  alone.set_type(alone.node(made).outputs[0], alone.value(inputs[0]).type);
  return DSQ_TRY(evaluate(alone, made))[0];
}

ValueId lower_to_table(Graph& graph, const Node& node, const Tensor& reals, NodeId marker) {
  const ValueId marked = graph.node(marker).outputs[0];
  const std::string name = graph.value(marked).name;
  const QuantParams y = *graph.value(marked).params;
  const DType storage = graph.value(marked).spec->storage;
  const IntRange range = range_of(storage);
  Tensor table(storage, reals.shape());
  for (int64_t i = 0; i < reals.count(); ++i) {
    const int32_t q = quantize(reals.values<float>()[static_cast<size_t>(i)], y.scale[0], y.zero_of(0),
                               static_cast<int32_t>(range.low), static_cast<int32_t>(range.high));
    bits_of(storage) == 4
        ? set_nibble(table.mutable_bytes().data(), i, q)
        : static_cast<void>(table.mutable_bytes()[static_cast<size_t>(i)] = static_cast<std::byte>(q));
  }
  const ValueId entries = graph.add_constant(name + ".table", std::move(table));
  return insert_node(graph, OpKind::lut, node.name, NoAttrs{}, {node.inputs[0], entries}, name);
}

// The clip that a node is, if it is one.
std::optional<Activation> clip_of(const Graph& graph, const Node& node) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  if (node.op == OpKind::relu) {
    return Activation{ActKind::clip, 0, kInfinity};
  }
  const auto bound = [&](size_t i, float missing) {
    return node.has_input(i) ? constant_scalar(graph, node.inputs[i]) : std::optional<double>(missing);
  };
  const std::optional<double> low = bound(1, -kInfinity);
  const std::optional<double> high = bound(2, kInfinity);
  return node.op == OpKind::clip && low && high
             ? std::optional(Activation{ActKind::clip, static_cast<float>(*low), static_cast<float>(*high)})
             : std::nullopt;
}

// A function at each of its markers: a table, or nothing at all where saturation does what a clip does.
Result<void> lower_function(Graph& graph, const Node& node, std::span<const NodeId> markers) {
  const std::optional<Activation> clip = clip_of(graph, node);
  const auto is_whole = [&](NodeId marker) {
    return graph.value(graph.node(marker).outputs[0]).params->scale.size() == 1;
  };
  const auto saturates = [&](NodeId marker) {
    const Value& y = graph.value(graph.node(marker).outputs[0]);
    return !is_whole(marker) && clip && keeps_clip(*clip, *y.params, y.spec->storage);
  };
  if (!std::ranges::all_of(markers, [&](NodeId marker) { return is_whole(marker) || saturates(marker); })) {
    return {};
  }
  const Tensor reals = DSQ_TRY(function_of_levels(graph, node));
  for (const NodeId marker : markers) {
    if (saturates(marker)) {
      graph.set_input(marker, 0, node.inputs[0]);  // lower_static_markers makes it a requantize
    } else {
      replace_marker(graph, marker, lower_to_table(graph, node, reals, marker));
    }
  }
  return {};
}

}  // namespace

Result<void> lower_between(Graph& graph, NodeId id) {
  const Node node = graph.node(id);
  const bool sum = node.op == OpKind::add;
  const std::optional<PoolAttrs> window = average_window(graph, id);
  const bool function = op_def(node.op).rule == QuantRule::table;
  if ((!sum && !window && !function) || !is_ready(graph, node.inputs[0]) ||
      !finest_static_marker(graph, node.outputs[0])) {
    return {};
  }
  const std::vector<NodeId> markers = graph.value(node.outputs[0]).users;
  if (function) {
    DSQ_TRY(lower_function(graph, node, markers));
  } else if (sum ? sum_fits(graph, node, markers) : std::ranges::all_of(markers, [&](NodeId marker) {
               return axis_is_one(*graph.value(graph.node(marker).outputs[0]).params);
             })) {
    for (const NodeId marker : markers) {
      replace_marker(graph, marker, sum ? lower_sum(graph, node, marker) : lower_average(graph, node, *window, marker));
    }
  }
  if (graph.value(node.outputs[0]).users.empty()) {
    graph.erase_node(id);
  }
  return {};
}

}  // namespace dsq
