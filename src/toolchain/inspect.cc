#include "src/toolchain/inspect.h"

#include <algorithm>
#include <array>
#include <map>

#include "src/toolchain/macs.h"

namespace dsq {
namespace {

// Operators that multiply by weights of their second input; only those with stored weights become layers.
bool may_have_weights(OpKind op) {
  constexpr auto kOps =
      std::to_array<OpKind>({OpKind::conv, OpKind::conv_transpose, OpKind::linear, OpKind::gemm, OpKind::matmul,
                             OpKind::lstm, OpKind::gru, OpKind::rnn, OpKind::qconv, OpKind::qconv_transpose,
                             OpKind::qlinear, OpKind::conv_integer, OpKind::matmul_integer});
  return std::ranges::find(kOps, op) != kOps.end();
}

// The constant behind a value, also through the conversion of weights that are stored in a smaller type.
const Tensor* stored(const Graph& graph, ValueId id) {
  while (id != ValueId::none && !graph.is_constant(id) && graph.value(id).producer != NodeId::none) {
    const Node& node = graph.node(graph.value(id).producer);
    if (node.op != OpKind::cast && node.op != OpKind::dequantize && node.op != OpKind::transpose) {
      return nullptr;
    }
    id = node.input(0);
  }
  return graph.constant(id);
}

std::string range_of(const Graph& graph, const Node& node) {
  const DType type = graph.value(node.inputs[0]).type.dtype;
  if (is_float(type)) {
    return {};
  }
  const bool run_time =
      (node.op == OpKind::qconv || node.op == OpKind::qconv_transpose || node.op == OpKind::qlinear) &&
      node.has_input(4);
  return run_time ? "run time" : "calibrated";
}

LayerFacts layer_of(const Graph& graph, const Node& node, const Tensor& weights) {
  LayerFacts layer;
  layer.name = node.name;
  layer.op = node.op;
  layer.output = graph.value(node.outputs[0]).type;
  layer.macs = macs_of(graph, node);
  layer.weights = weights.count();
  layer.weight_bytes = static_cast<int64_t>(weights.bytes().size());
  if (const Tensor* recurrent = node.op == OpKind::lstm || node.op == OpKind::gru || node.op == OpKind::rnn
                                    ? stored(graph, node.input(2))
                                    : nullptr) {
    layer.weights += recurrent->count();
    layer.weight_bytes += static_cast<int64_t>(recurrent->bytes().size());
  }
  layer.weight_type = weights.dtype();
  layer.input_type = graph.value(node.inputs[0]).type.dtype;
  layer.range = range_of(graph, node);
  return layer;
}

void count_ops(const Graph& graph, std::map<OpKind, int64_t>& counts) {
  for (const NodeId id : graph.nodes()) {
    const Node& node = graph.node(id);
    ++counts[node.op];
    if (const auto* branch = std::get_if<IfAttrs>(&node.attrs)) {
      count_ops(*branch->then_graph, counts);
      count_ops(*branch->else_graph, counts);
    } else if (const auto* loop = std::get_if<LoopAttrs>(&node.attrs)) {
      count_ops(*loop->body, counts);
    }
  }
}

}  // namespace

Inspection inspect(const Graph& graph) {
  Inspection facts;
  for (const ValueId id : graph.inputs()) {
    facts.inputs.emplace_back(graph.value(id).name, graph.value(id).type);
  }
  for (const ValueId id : graph.outputs()) {
    facts.outputs.emplace_back(graph.value(id).name, graph.value(id).type);
  }
  for (const ValueId id : graph.values()) {
    const Tensor* constant = graph.constant(id);
    if (constant == nullptr) {
      continue;
    }
    facts.constant_bytes += static_cast<int64_t>(constant->bytes().size());
    facts.parameters += is_float(constant->dtype()) || bits_of(constant->dtype()) <= 8 ? constant->count() : 0;
  }
  for (const NodeId id : graph.topo_order()) {
    const Node& node = graph.node(id);
    const int64_t macs = macs_of(graph, node);
    facts.macs += macs;
    ++facts.nodes;
    if (!may_have_weights(node.op)) {
      continue;
    }
    facts.open_shapes = facts.open_shapes || macs == 0;
    if (const Tensor* weights = stored(graph, node.input(1))) {
      facts.layers.push_back(layer_of(graph, node, *weights));
    }
  }
  std::map<OpKind, int64_t> counts;
  count_ops(graph, counts);
  facts.ops.assign(counts.begin(), counts.end());
  std::ranges::stable_sort(facts.ops, [](const auto& a, const auto& b) { return a.second > b.second; });
  return facts;
}

}  // namespace dsq
