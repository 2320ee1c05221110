#include "src/toolchain/inspect.h"

#include <algorithm>
#include <array>
#include <map>

#include "passes/match.h"
#include "src/ops/infer.h"
#include "src/toolchain/load.h"
#include "src/toolchain/macs.h"
#include "src/toolchain/nested.h"

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

LayerFacts layer_of(const Graph& graph, NodeId id, const Tensor& weights) {
  const Node& node = graph.node(id);
  LayerFacts layer;
  layer.name = label_of(graph, id);
  layer.op = node.op;
  const auto output = std::ranges::find_if(node.outputs, [](ValueId each) { return each != ValueId::none; });
  layer.output = output == node.outputs.end() ? TensorType() : graph.value(*output).type;  // recurrent ones skip some
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

// Open dimensions of inputs become 1, when the graph allows it.
std::vector<std::string> close_shapes(Graph& graph) {
  Graph closed = graph;
  std::vector<std::string> assumed;
  for (const ValueId id : closed.inputs()) {
    TensorType type = closed.value(id).type;
    if (type.shape && !type.known()) {
      std::ranges::replace(*type.shape, kUnknown, 1);
      assumed.push_back(closed.value(id).name + " " + text_of(*type.shape));
      closed.set_type(id, std::move(type));
    }
  }
  if (assumed.empty() || !infer_types(closed)) {
    return {};
  }
  graph = std::move(closed);
  return assumed;
}

std::vector<LayerFacts> layers_of(const Graph& graph) {
  std::vector<LayerFacts> layers;
  for (const NodeId id : graph.topo_order()) {
    const Node& node = graph.node(id);
    if (const Tensor* weights = may_have_weights(node.op) ? stored(graph, node.input(1)) : nullptr) {
      layers.push_back(layer_of(graph, id, *weights));
    }
  }
  return layers;
}

// Of a layer in a planned graph.
std::string plan_of(const Graph& graph, NodeId id, Reasons& reasons) {
  const Node& node = graph.node(id);
  if (node.op == OpKind::lstm || node.op == OpKind::gru || node.op == OpKind::rnn) {
    return "i8 weights, state in float";
  }
  const std::optional<QuantSpec>& weights = graph.value(node.inputs[1]).spec;
  const std::optional<QuantSpec>& input = graph.value(node.inputs[0]).spec;
  if (!weights) {
    const std::optional<std::string> reason = reasons.take(label_of(graph, id));
    return reason ? "stays float: " + *reason : "stays float";
  }
  return fmt::format("{} weights, {}", name_of(weights->storage),
                     input ? fmt::format("{} input {}", name_of(input->storage), name_of(input->range))
                           : std::string("computed in float"));
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
  Graph sized = graph;
  facts.assumed = close_shapes(sized);
  for (const NodeId id : sized.topo_order()) {
    const Node& node = sized.node(id);
    const int64_t macs = macs_of(sized, node);
    facts.macs += macs;
    facts.integer_macs += is_integer_op(node.op) ? macs : 0;
    facts.open_shapes = facts.open_shapes || (may_have_weights(node.op) && macs == 0);
    ++facts.nodes;
  }
  facts.layers = layers_of(sized);
  if (graph.stage == Stage::lowered) {
    facts.seams = seams_of(graph);
  }
  std::map<OpKind, int64_t> counts;
  count_ops(graph, counts);
  facts.ops.assign(counts.begin(), counts.end());
  std::ranges::stable_sort(facts.ops, [](const auto& a, const auto& b) { return a.second > b.second; });
  return facts;
}

Result<std::vector<LayerFacts>> plan_layers(const Graph& graph, const Recipe& recipe, Diagnostics& diagnostics) {
  Graph planned = graph;
  DSQ_TRY(canonicalize(planned, diagnostics));
  PassContext context{recipe, nullptr, diagnostics};
  DSQ_TRY(run_list("plan", planned, context));
  close_shapes(planned);
  Reasons reasons(diagnostics);
  std::vector<LayerFacts> layers = layers_of(planned);
  size_t at = 0;
  for (const NodeId id : planned.topo_order()) {
    const Node& node = planned.node(id);
    if (may_have_weights(node.op) && stored(planned, node.input(1)) != nullptr) {
      layers[at++].plan = plan_of(planned, id, reasons);
    }
  }
  return layers;
}

}  // namespace dsq
