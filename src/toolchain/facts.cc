#include "src/toolchain/facts.h"

#include <algorithm>
#include <set>

#include "passes/marker.h"
#include "passes/match.h"
#include "src/ir/nested.h"
#include "src/ops/infer.h"
#include "src/ops/op_def.h"
#include "src/quant/quant_layer.h"
#include "src/quant/weights.h"
#include "src/toolchain/macs.h"

namespace dsq {
namespace {

std::string granularity_text(const std::optional<QuantParams>& params) {
  if (!params) {
    return "none";
  }
  return params->granularity.group > 0 ? fmt::format("groups of {}", params->granularity.group) : "per channel";
}

Tensor as_float(const Graph& graph, ValueId id) {
  const Tensor& constant = *graph.constant(id);
  const std::optional<QuantParams>& params = graph.value(id).params;
  if (params) {
    return restore(constant, *params);
  }
  const std::vector<float> values = to_floats(constant);
  return Tensor::of<float>(constant.shape(), std::span<const float>(values));
}

// The largest weight of each scale takes the top value, so 8-bit weights that stay below 32 are 6-bit ones.
bool is_six_bits(const Tensor& stored) {
  return stored.dtype() == DType::i8 &&
         std::ranges::all_of(stored.values<int8_t>(), [](int8_t q) { return q >= -31 && q <= 31; }) &&
         std::ranges::any_of(stored.values<int8_t>(), [](int8_t q) { return q != 0; });
}

void add_weight_facts(const Graph& reference, const QuantLayer& was, const Graph& stored, const QuantLayer& is,
                      LayerReport& report) {
  const Tensor* constant = stored.constant(is.w);
  const Tensor* original = reference.constant(was.w);
  if (constant == nullptr || original == nullptr) {
    report.weight_type = "f32";
    return;
  }
  const std::optional<QuantParams>& params = stored.value(is.w).params;
  const Tensor meant = absorb_scales(is, *original, params ? stored.value(is.x).params : std::nullopt);
  report.weights = original->count();
  report.weight_type = is_six_bits(*constant) ? "i6" : std::string(name_of(constant->dtype()));
  report.granularity = granularity_text(params);
  report.weight_error = relative_error(as_float(stored, is.w), meant);
  report.plain_weight_error = report.weight_error;
  if (params && params->granularity.group > 0) {
    const int bits = report.weight_type == "i6" ? 6 : bits_of(constant->dtype());
    report.plain_weight_error = store_weights(meant, {is.w_axis, 0}, bits).error;
  }
  report.float_bytes = original->count() * 4;
  report.stored_bytes =
      static_cast<int64_t>(constant->bytes().size()) + (params ? static_cast<int64_t>(params->scale.size()) * 4 : 0);
}

void add_act_facts(const Graph& stored, const QuantLayer& layer, LayerReport& report) {
  const std::optional<QuantSpec>& spec = stored.value(layer.x).spec;
  report.integer = spec && spec->storage != DType::f16 && stored.value(layer.w).params.has_value();
  report.act_type = spec ? std::string(name_of(spec->storage)) : "f32";
  report.range = spec && report.integer ? std::string(name_of(spec->range)) : "none";
}

// Operators whose float form is no loss: they move or compare values, or are the borders themselves.
bool computes(OpKind op) {
  using enum OpKind;
  switch (op) {
    // clang-format off
    case quantize: case dequantize: case dynamic_quantize: case requantize: case qconv: case qconv_transpose: case qlinear:
    case qadd: case qavg_pool: case lut: case cast: case shape: case size: case constant_of_shape: case identity:
    case concat: case split: case slice: case gather: case pad: case expand: case tile: case where: case equal: case max_pool:
    case depth_to_space: case space_to_depth: case scatter_nd: case scatter_elements: case gather_nd: case gather_elements: return false;
    // clang-format on
    default: return op_def(op).rule != QuantRule::same_scale;
  }
}

std::string usual_reason(OpKind op) {
  using enum OpKind;
  switch (op) {
    // clang-format off
    case conv: case conv_transpose: case linear: return "it was asked to stay in higher precision";
    case matmul: case einsum: case gemm: return "both factors are computed at run time";
    case lstm: case gru: case rnn: return "its state is carried in float; its weights are stored as integers";
    case softmax: case log_softmax: case layer_norm: case rms_norm: case instance_norm: case group_norm: case batch_norm:
    case lp_norm: case lrn: return "it divides by sums over its own input";
    case if_else: case loop: return "its nested graph is quantized by itself";
    case add: return "not both sides come from integer layers with calibrated ranges";
    case avg_pool: case reduce_mean: return "not all around it is integers of calibrated ranges, or its window is not known beforehand";
    // clang-format on
    default:
      return op_def(op).rule == QuantRule::table
                 ? "no integers of calibrated ranges come in, or its result is not read as such"
                 : "it has no integer form";
  }
}

// `sized` is the reference with the shapes of one sample, under the same ids.
LayerReport layer_report(const Graph& sized, const QuantLayer& was) {
  const Node& node = sized.node(was.node);
  const Value& y = sized.value(was.y);
  LayerReport report;
  report.name = node.name.empty() ? y.name : node.name;
  report.op = std::string(name_of(node.op));
  report.output_shape = y.type.shape ? text_of(*y.type.shape) : "?";
  report.macs = macs_of(sized, node);
  report.range = "none";
  const std::optional<Shape>& w = sized.value(was.w).type.shape;
  if (node.op == OpKind::conv && w && w->size() > 2 && (*w)[1] == 1 && node.as<ConvAttrs>().group > 1) {
    report.depthwise = true;
  }
  return report;
}

// The nodes of the twin by the name of their first output, which both twins share.
std::map<std::string, NodeId> makers_of(const Graph& stored) {
  std::map<std::string, NodeId> makers;
  for (const NodeId id : stored.nodes()) {
    if (!stored.node(id).outputs.empty() && stored.node(id).outputs[0] != ValueId::none) {
      makers.emplace(stored.value(stored.node(id).outputs[0]).name, id);
    }
  }
  return makers;
}

void add_layers(const Graph& reference, const Graph& sized, const Graph& stored, std::vector<LayerReport>& layers) {
  const std::map<std::string, NodeId> makers = makers_of(stored);
  const auto twin_of = [&](const Node& node) {
    const auto maker = node.outputs.empty() || node.outputs[0] == ValueId::none
                           ? makers.end()
                           : makers.find(reference.value(node.outputs[0]).name);
    return maker == makers.end() ? NodeId::none : maker->second;
  };
  for (const NodeId id : reference.topo_order()) {
    const std::optional<QuantLayer> was = quant_layer_at(reference, id);
    if (!was) {
      continue;
    }
    LayerReport report = layer_report(sized, *was);
    const NodeId twin = twin_of(reference.node(id));
    const std::optional<QuantLayer> is = twin == NodeId::none ? std::nullopt : quant_layer_at(stored, twin);
    if (is) {
      add_weight_facts(reference, *was, stored, *is, report);
      add_act_facts(stored, *is, report);
    }
    layers.push_back(std::move(report));
  }
  for (const NodeId id : reference.topo_order()) {
    const std::vector<const GraphRef*> before = nested_graphs(reference.node(id).attrs);
    const NodeId twin = before.empty() ? NodeId::none : twin_of(reference.node(id));
    if (twin != NodeId::none) {
      const std::vector<const GraphRef*> after = nested_graphs(stored.node(twin).attrs);
      for (size_t i = 0; i < std::min(before.size(), after.size()); ++i) {
        add_layers(**before[i], **before[i], **after[i], layers);
      }
    }
  }
}

}  // namespace

std::vector<LayerReport> layer_facts(const Graph& reference, const Graph& stored,
                                     const std::vector<TensorType>& inputs) {
  Graph sized = reference;
  for (size_t i = 0; i < inputs.size(); ++i) {
    sized.set_type(sized.inputs()[i], inputs[i]);
  }
  const bool fits = infer_types(sized).has_value();  // else costs stay open
  std::vector<LayerReport> layers;
  add_layers(reference, fits ? sized : reference, stored, layers);
  return layers;
}

std::vector<LayerInput> layer_inputs(const Graph& reference, const Graph& stored) {
  const std::map<std::string, NodeId> makers = makers_of(stored);
  std::vector<LayerInput> inputs;
  size_t index = 0;
  for (const NodeId id : reference.topo_order()) {
    const std::optional<QuantLayer> was = quant_layer_at(reference, id);
    if (!was) {
      continue;
    }
    const auto maker = makers.find(reference.value(was->y).name);
    if (maker != makers.end() && quant_layer_at(stored, maker->second)) {
      const Value& x = stored.value(stored.node(maker->second).inputs[0]);
      if (x.spec && x.spec->storage != DType::f16) {
        inputs.push_back({index, reference.value(was->x).name, *x.spec, x.params, x.name});
      }
    }
    ++index;
  }
  return inputs;
}

std::vector<FloatPart> float_facts(const Graph& lowered, Reasons reasons) {
  std::vector<FloatPart> parts;
  for (const NodeId id : lowered.topo_order()) {
    const Node& node = lowered.node(id);
    if (!computes(node.op)) {
      continue;
    }
    const std::string label = label_of(lowered, id);
    const bool layer = node.op == OpKind::conv || node.op == OpKind::conv_transpose || node.op == OpKind::linear;
    const std::optional<std::string> known = layer ? reasons.take(label) : std::nullopt;
    const std::string reason = known ? *known : usual_reason(node.op);
    const std::string op(name_of(node.op));
    auto part = std::ranges::find_if(parts, [&](const FloatPart& p) { return p.op == op && p.reason == reason; });
    if (part == parts.end()) {
      parts.push_back({op, reason, {}});
      part = parts.end() - 1;
    }
    part->nodes.push_back(label);
  }
  return parts;
}

Seams seams_of(const Graph& lowered) {
  using enum OpKind;
  Seams seams;
  std::vector<int32_t> island(lowered.value_slots(), -1);  // by value: of the float operators that make or read it
  std::vector<int32_t> joined;                             // the island that an island became part of; itself at first
  const auto root = [&](int32_t i) {
    while (joined[static_cast<size_t>(i)] != i) {
      i = joined[static_cast<size_t>(i)];
    }
    return i;
  };
  std::vector<int32_t> computing;  // islands of operators that compute
  for (const NodeId id : lowered.topo_order()) {
    const Node& node = lowered.node(id);
    if (node.op == quantize || node.op == dequantize || node.op == dynamic_quantize) {
      ++seams.conversions;
      continue;
    }
    if (node.outputs.empty() || node.outputs[0] == ValueId::none ||
        !is_float(lowered.value(node.outputs[0]).type.dtype) || is_integer_op(node.op)) {
      continue;
    }
    const auto own = static_cast<int32_t>(joined.size());
    joined.push_back(own);
    const auto join = [&](ValueId value) {
      if (value == ValueId::none || lowered.is_constant(value)) {
        return;
      }
      int32_t& at = island[static_cast<size_t>(value)];
      if (at >= 0) {
        joined[static_cast<size_t>(root(at))] = own;
      }
      at = own;
    };
    std::ranges::for_each(node.inputs, join);
    std::ranges::for_each(node.outputs, join);
    if (computes(node.op)) {
      computing.push_back(own);
    }
  }
  std::set<int32_t> roots;
  for (const int32_t each : computing) {
    roots.insert(root(each));
  }
  seams.islands = static_cast<int64_t>(roots.size());
  return seams;
}

Reasons::Reasons(const Diagnostics& diagnostics) {
  for (const Diagnostic& each : diagnostics.items()) {
    if (each.pass == "plan_quant" ||
        (each.pass == "quantize_weights" && each.text.starts_with("its weights stay float"))) {
      by_label_[each.where].push_back(each.text);
    }
  }
}

std::optional<std::string> Reasons::take(const std::string& label) {
  const auto found = by_label_.find(label);
  if (found == by_label_.end() || found->second.empty()) {
    return std::nullopt;
  }
  std::string reason = std::move(found->second.front());
  found->second.pop_front();
  return reason;
}

}  // namespace dsq
