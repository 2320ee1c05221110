// store_constants: what large constants outside of layers are stored as.
//
//   embeddings (gather), recurrent weights and constant matrix factors: int8 with a scale for each row, group scales
//   until they are within the error limit, dequantized when the model is loaded;
//   other float constants of some size: fp16, where that is within 0.1 % and nothing overflows.
#include <algorithm>
#include <cmath>

#include "passes/half.h"
#include "passes/lowering.h"
#include "passes/passes.h"
#include "src/ops/op_def.h"
#include "src/quant/weights.h"

namespace dsq {
namespace {

constexpr int64_t kMinInteger = 1024;  // elements; below, scales eat the gain
constexpr int64_t kMinHalf = 64;

bool is_recurrent(OpKind op) { return op == OpKind::lstm || op == OpKind::gru || op == OpKind::rnn; }

// The axis along which rows of this operand have a scale each; nothing when it is not a matrix of weights.
std::optional<int32_t> row_axis(const Graph& graph, NodeId user, ValueId constant) {
  const Node& node = graph.node(user);
  const auto rank = static_cast<int32_t>(graph.value(constant).type.rank());
  if (node.op == OpKind::gather && node.input(0) == constant && rank >= 2) {
    return 0;
  }
  if (is_recurrent(node.op) && (node.input(1) == constant || node.input(2) == constant)) {
    return 1;  // [directions, gates * hidden, inputs]
  }
  if (node.op == OpKind::matmul && rank >= 2) {
    return node.input(1) == constant ? rank - 1 : rank - 2;
  }
  return std::nullopt;
}

// The stored form, with the conversion to floats in front of all users.
void store(Graph& graph, ValueId id, Tensor values, std::optional<QuantParams> params) {
  const std::string name = graph.value(id).name;
  const ValueId stored = graph.add_constant(name + ".stored", std::move(values));
  graph.set_params(stored, std::move(params));
  graph.replace_uses(id, as_floats(graph, stored));
  graph.erase_value(id);
  graph.rename(stored, name);
}

bool store_rows(Graph& graph, ValueId id, PassContext& context) {
  const Tensor& weights = *graph.constant(id);
  const std::vector<NodeId> users = graph.value(id).users;
  const std::optional<int32_t> axis = row_axis(graph, users.front(), id);
  const bool alike = std::ranges::all_of(users, [&](NodeId user) { return row_axis(graph, user, id) == axis; });
  if (!is_integer(context.recipe.weights) || weights.count() < kMinInteger || !axis || !alike) {
    return false;
  }
  StoredWeights stored = store_within(weights, *axis, 1, 8, context.recipe.max_weight_error);
  if (stored.error > context.recipe.max_weight_error) {
    context.diag.note(graph.node(users.front()).name,
                      fmt::format("its weights stay float: {:.2f} % error as int8", stored.error * 100));
    return false;
  }
  store(graph, id, std::move(stored.values), std::move(stored.params));
  return true;
}

bool is_of_a_layer(const Graph& graph, ValueId id) {
  return std::ranges::any_of(graph.value(id).users,
                             [&](NodeId user) { return op_def(graph.node(user).op).rule == QuantRule::layer; });
}

bool store_half(Graph& graph, ValueId id) {
  const Tensor& weights = *graph.constant(id);
  if (weights.count() < kMinHalf) {
    return false;
  }
  const Tensor half = to_half(weights);
  const double error = relative_error(from_half(half), weights);
  if (!std::isfinite(error) || error > 1e-3) {
    return false;
  }
  store(graph, id, half, std::nullopt);
  return true;
}

}  // namespace

Result<bool> store_constants(Graph& graph, PassContext& context) {
  if (context.recipe.weights == Precision::floating) {
    return false;
  }
  bool changed = false;
  for (const ValueId id : graph.values()) {
    const Value& value = graph.value(id);
    if (!graph.is_constant(id) || value.type.dtype != DType::f32 || value.users.empty() || graph.is_output(id) ||
        is_of_a_layer(graph, id)) {
      continue;
    }
    changed = store_rows(graph, id, context) || store_half(graph, id) || changed;
  }
  return changed;
}

}  // namespace dsq
