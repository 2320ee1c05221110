#include "passes/lowering.h"

#include <algorithm>
#include <map>

#include "src/quant/math.h"

namespace dsq {
namespace {

// Operators that read integers as what they are; others see floats unless their own result is integer too.
bool reads_integers(const Graph& graph, const Node& node) {
  switch (node.op) {
    // clang-format off
    case OpKind::qconv: case OpKind::qconv_transpose: case OpKind::qlinear: case OpKind::qadd: case OpKind::qavg_pool:
    case OpKind::lut: case OpKind::dequantize: case OpKind::requantize: return true;
    // clang-format on
    default:
      return std::ranges::any_of(node.outputs, [&](ValueId id) {
        return id != ValueId::none && graph.value(id).spec && graph.value(id).params;
      });
  }
}

Tensor ratios(const std::vector<float>& above, const std::vector<float>& below) {
  const size_t count = std::max(above.size(), below.size());
  Tensor out(DType::f32, {static_cast<int64_t>(count)});
  for (size_t i = 0; i < count; ++i) {
    out.mutable_values<float>()[i] = above[above.size() == 1 ? 0 : i] / below[below.size() == 1 ? 0 : i];
  }
  return out;
}

// Scales for channels along axis 1 only: what the requantize operator can express.
bool fits_requantize(const QuantParams& params) { return params.scale.size() == 1 || params.granularity.axis == 1; }

}  // namespace

ValueId insert_node(Graph& graph, OpKind op, const std::string& node_name, Attrs attrs, std::vector<ValueId> inputs,
                    const std::string& name) {
  const NodeId id = graph.add_node(op, node_name, std::move(attrs), std::move(inputs), {name});
  return graph.node(id).outputs[0];
}

ValueId replace_node(Graph& graph, NodeId id, OpKind op, Attrs attrs, std::vector<ValueId> inputs) {
  const ValueId old = graph.node(id).outputs[0];
  const std::string name = graph.value(old).name;
  const ValueId made = insert_node(graph, op, graph.node(id).name, std::move(attrs), std::move(inputs), name);
  graph.set_type(made, graph.value(old).type);
  graph.replace_uses(old, made);
  graph.erase_node(id);
  graph.rename(made, name);
  return made;
}

void make_integer(Graph& graph, ValueId id, const QuantSpec& spec, const QuantParams& params) {
  graph.set_spec(id, spec);
  graph.set_params(id, params);
  graph.set_type(id, {spec.storage, graph.value(id).type.shape});
}

Activation clip_in_steps(const Activation& act, const QuantParams& y, DType storage) {
  if (act.kind != ActKind::clip || y.scale.size() > 1) {
    return {};  // with scales for each channel, the range ends where the clip does (keeps_clip)
  }
  const IntRange range = range_of(storage);
  const auto low = static_cast<float>(range.low);
  const auto high = static_cast<float>(range.high);
  const int32_t zero = y.zero_of(0);
  const auto step_of = [&](float real) {
    return static_cast<float>(
        quantize(real, y.scale[0], zero, static_cast<int32_t>(range.low), static_cast<int32_t>(range.high)));
  };
  const Activation steps{ActKind::clip, step_of(act.a), step_of(act.b)};
  return steps.a > low || steps.b < high ? steps : Activation{};
}

bool keeps_clip(const Activation& act, const QuantParams& y, DType storage) {
  if (act.kind != ActKind::clip || y.scale.size() == 1) {
    return true;
  }
  const IntRange range = range_of(storage);
  for (size_t c = 0; c < y.scale.size(); ++c) {
    const float half = y.scale[c] / 2;
    const float low = dequantize(static_cast<int32_t>(range.low), y.scale[c], y.zero_of(c));
    const float high = dequantize(static_cast<int32_t>(range.high), y.scale[c], y.zero_of(c));
    if (low < act.a - half || high > act.b + half) {
      return false;
    }
  }
  return true;
}

void lower_static_markers(Graph& graph) {
  for (const NodeId id : graph.topo_order()) {
    if (!is_marker(graph, id)) {
      continue;
    }
    const Node node = graph.node(id);
    const QuantSpec spec = *graph.value(node.outputs[0]).spec;
    const QuantParams y = *graph.value(node.outputs[0]).params;
    ValueId x = node.inputs[0];
    ValueId made = ValueId::none;
    const bool integer = is_static_integer(graph, x);
    if (integer && fits_requantize(*graph.value(x).params) && fits_requantize(y)) {
      const QuantParams from = *graph.value(x).params;
      std::vector<float> zeros(y.scale.size());
      for (size_t c = 0; c < zeros.size(); ++c) {
        zeros[c] = static_cast<float>(y.zero_of(c));
      }
      const std::string name = graph.value(node.outputs[0]).name;
      const ValueId m = graph.add_constant(name + ".m", ratios(from.scale, y.scale));
      const ValueId b = graph.add_constant(
          name + ".b", Tensor::of<float>({static_cast<int64_t>(zeros.size())}, std::span<const float>(zeros)));
      made = replace_node(graph, id, OpKind::requantize, NoAttrs{}, {x, m, b});
    } else {
      x = integer ? as_floats(graph, x) : x;
      made = replace_node(graph, id, OpKind::quantize,
                          QuantizeAttrs{y.granularity.axis, y.granularity.group, spec.storage}, {x});
    }
    make_integer(graph, made, spec, y);
  }
}

ValueId as_floats(Graph& graph, ValueId stored) {
  const Value value = graph.value(stored);
  const bool half = value.type.dtype == DType::f16;
  const OpKind op = half ? OpKind::cast : OpKind::dequantize;
  const Attrs attrs = half ? Attrs(CastAttrs{DType::f32}) : Attrs(QuantizeAttrs{-1, 0, DType::f32});
  const ValueId real = insert_node(graph, op, value.name, attrs, {stored}, value.name + ".f32");
  graph.set_type(real, {DType::f32, value.type.shape});
  return real;
}

void restore_floats(Graph& graph) {
  std::map<ValueId, ValueId> real;  // of stored values, made once
  const auto real_of = [&](ValueId id) {
    const auto found = real.find(id);
    if (found != real.end()) {
      return found->second;
    }
    const ValueId made = as_floats(graph, id);
    real.emplace(id, made);
    return made;
  };
  for (const NodeId id : graph.topo_order()) {
    const Node node = graph.node(id);
    if (reads_integers(graph, node) || node.op == OpKind::cast) {
      continue;
    }
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const ValueId input = node.inputs[i];
      if (input == ValueId::none) {
        continue;
      }
      const bool half = graph.is_constant(input) && graph.value(input).type.dtype == DType::f16;
      if (half || graph.value(input).params) {
        graph.set_input(id, i, real_of(input));
      }
    }
  }
  std::vector<ValueId> outputs = graph.outputs();
  for (ValueId& output : outputs) {
    if (!graph.is_constant(output) && graph.value(output).params) {
      const std::string name = graph.value(output).name;
      output = real_of(output);
      graph.rename(*graph.find_value(name), name + ".q");
      graph.rename(output, name);
    }
  }
  graph.set_outputs(std::move(outputs));
}

}  // namespace dsq
