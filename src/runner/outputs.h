// What the executor asks of a node before its kernel may run.
#pragma once

#include "src/ir/graph.h"
#include "src/ops/op_def.h"
#include "src/support/result.h"

namespace dsq {

// Operators whose outputs' shapes depend on the data. Those of all others are known, at the latest when the inputs are at
// hand.
inline bool assigns_outputs(OpKind op) {
  return op == OpKind::compress || op == OpKind::if_else || op == OpKind::loop || op == OpKind::nonzero ||
         op == OpKind::non_max_suppression;
}
// Stored weights are run in lowered graphs, where integer operators take them. Errors: op_not_runnable.
inline Result<void> check_layer(const Graph& graph, const Node& node) {
  for (const ValueId input : node.inputs) {
    if (op_def(node.op).rule == QuantRule::layer && input != ValueId::none &&
        graph.value(input).type.dtype != DType::f32) {
      return fail(Code::op_not_runnable, "{} gets '{}' as {}", name_of(node.op), graph.value(input).name,
                  name_of(graph.value(input).type.dtype));
    }
  }
  return {};
}
// Memory for output `i`. Errors: run_failed when its shape is not known: an input is not what sizes are made of.
inline Result<Tensor> allocated(const Node& node, size_t i, const TensorType& type) {
  if (type.known()) {
    return Tensor(type.dtype, *type.shape);
  }
  if (!assigns_outputs(node.op)) {
    return fail(Code::run_failed, "the shape of output {} does not follow from the inputs: {}", i, text_of(type));
  }
  return Tensor();
}

}  // namespace dsq
