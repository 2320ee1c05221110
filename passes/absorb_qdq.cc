// absorb_qdq: models that come quantized (QuantizeLinear, DequantizeLinear) become float models that remember how.
//
//   weights      dequantize(constant) becomes the float constant that it stands for, exactly
//   activations  dequantize(quantize(x)) becomes clip(x, low, high), low and high being what the integers can hold; the
//                clip's output keeps storage, scale and zero point as a fixed range, so that planning can take it up
//
// The clip matters: exporters drop a Relu in front of a quantization that saturates at 0. What is lost is the rounding
// alone, at most half a step. A recipe that quantizes nothing leaves the pairs as they are: the graph is only to be run.
#include <algorithm>
#include <cmath>

#include "passes/match.h"
#include "passes/passes.h"
#include "src/runner/fold.h"

namespace dsq {
namespace {

Result<bool> fold_weights(Graph& graph, NodeId id, Diagnostics& diag) {
  const Node node = graph.node(id);
  const bool all_constant = std::ranges::all_of(
      node.inputs, [&](ValueId input) { return input == ValueId::none || graph.is_constant(input); });
  if (!all_constant || !graph.value(node.outputs[0]).type.known()) {
    return false;
  }
  std::vector<Tensor> results = DSQ_TRY(evaluate(graph, id));
  const std::string from(name_of(graph.value(node.inputs[0]).type.dtype));
  const ValueId old = node.outputs[0];
  const std::string name = graph.value(old).name;
  const ValueId constant = graph.add_constant(name, std::move(results[0]));
  graph.replace_uses(old, constant);
  erase_unused(graph, old);
  graph.rename(constant, name);
  diag.note(label_of(graph, id),
            fmt::format("weights {} came as {}; they are float from here on, without loss", name, from));
  return true;
}

// A quantization whose parameters are constants, one for the whole value.
struct Grid {
  DType storage = DType::u8;
  float scale = 1;
  int32_t zero = 0;
  float low = 0;  // what the lowest and the highest integer stand for
  float high = 0;
};

std::optional<Grid> grid_of(const Graph& graph, const Node& node, DType storage) {
  const std::optional<double> scale = constant_scalar(graph, node.input(1));
  const std::optional<double> zero =
      node.has_input(2) ? constant_scalar(graph, node.inputs[2]) : std::optional<double>(0);
  if (!scale || !zero || !(*scale > 0) || !std::isfinite(*scale) || bits_of(storage) > 16) {
    return std::nullopt;
  }
  Grid grid{storage, static_cast<float>(*scale), static_cast<int32_t>(*zero)};
  const IntRange range = range_of(storage);
  grid.low = static_cast<float>(range.low - grid.zero) * grid.scale;
  grid.high = static_cast<float>(range.high - grid.zero) * grid.scale;
  return grid;
}

// The same numbers go in and out of the integers.
bool same_parameters(const Graph& graph, const Node& in, const Node& out) {
  for (size_t i = 1; i <= 2; ++i) {
    const Tensor* a = in.has_input(i) ? graph.constant(in.inputs[i]) : nullptr;
    const Tensor* b = out.has_input(i) ? graph.constant(out.inputs[i]) : nullptr;
    const bool both_zero = i == 2 &&
                           (a == nullptr || to_floats(*a) == std::vector<float>(static_cast<size_t>(a->count()), 0)) &&
                           (b == nullptr || to_floats(*b) == std::vector<float>(static_cast<size_t>(b->count()), 0));
    if (!both_zero && (a == nullptr || b == nullptr || to_floats(*a) != to_floats(*b))) {
      return false;
    }
  }
  return true;
}

void remember(Graph& graph, ValueId value, const Grid& grid) {
  if (bits_of(grid.storage) > 8) {
    return;  // 16-bit activations: nothing to hold planning to
  }
  const bool is_signed = grid.storage == DType::i8 || grid.storage == DType::i4;
  graph.set_spec(value, QuantSpec{grid.storage, {}, is_signed && grid.zero == 0, RangeSource::fixed});
  QuantParams params;
  params.scale = {grid.scale};
  if (grid.zero != 0) {
    params.zero_point = {grid.zero};
  }
  graph.set_params(value, std::move(params));
}

bool absorb_pair(Graph& graph, NodeId id, Diagnostics& diag) {
  const Node out = graph.node(id);
  const std::optional<NodeId> quantizer = producer_of(graph, out.inputs[0], OpKind::quantize);
  if (!quantizer) {
    diag.note(label_of(graph, id), "dequantize stays: its integers are not made by a quantize");
    return false;
  }
  const Node in = graph.node(*quantizer);
  const ValueId x = in.inputs[0];
  const DType storage = graph.value(out.inputs[0]).type.dtype;
  const std::optional<Grid> grid = grid_of(graph, in, storage);
  if (!grid) {
    diag.note(label_of(graph, id), "the pair stays: its scale is not one positive constant");
    return false;
  }
  if (!same_parameters(graph, in, out)) {
    diag.note(label_of(graph, id), "the pair stays: quantize and dequantize use different scales");
    return false;
  }
  if (!is_f32(graph, x) || !is_f32(graph, out.outputs[0])) {
    diag.note(label_of(graph, id), "the pair stays: it is not between float values");
    return false;
  }
  const std::string name = graph.value(out.outputs[0]).name;
  const ValueId low = graph.add_constant(name + ".low", Tensor::scalar(grid->low));
  const ValueId high = graph.add_constant(name + ".high", Tensor::scalar(grid->high));
  const NodeId clip = replace_value(graph, out.outputs[0], OpKind::clip, out.name, NoAttrs{}, {x, low, high});
  remember(graph, output_of(graph, clip), *grid);
  diag.note(out.name, fmt::format("imported quantization ({}, scale {}, zero point {}) became a fixed range",
                                  name_of(storage), grid->scale, grid->zero));
  return true;
}

}  // namespace

Result<bool> absorb_qdq(Graph& graph, PassContext& context) {
  const bool quantizes = context.recipe.weights != Precision::floating || context.recipe.act != Precision::floating;
  bool changed = false;
  for (const NodeId id : graph.topo_order()) {
    if (!graph.node(id).alive || graph.node(id).op != OpKind::dequantize) {
      continue;
    }
    const bool folded = DSQ_TRY(fold_weights(graph, id, context.diag));
    changed = folded || (quantizes && absorb_pair(graph, id, context.diag)) || changed;
  }
  return changed;
}

}  // namespace dsq
