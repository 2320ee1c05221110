#include "src/toolchain/macs.h"

namespace dsq {
namespace {

const Shape* known_shape(const Graph& graph, ValueId id) {
  return id != ValueId::none && graph.value(id).type.known() ? &*graph.value(id).type.shape : nullptr;
}

}  // namespace

int64_t macs_of(const Graph& graph, const Node& node) {
  const Shape* x = known_shape(graph, node.input(0));
  const Shape* w = known_shape(graph, node.input(1));
  const Shape* y = node.outputs.empty() ? nullptr : known_shape(graph, node.outputs[0]);
  if (x == nullptr || w == nullptr || x->empty() || w->empty()) {
    return 0;
  }
  const int64_t inputs = count_of(*x);
  const int64_t weights = count_of(*w);
  const int64_t outputs = y == nullptr ? 0 : count_of(*y);
  if (inputs == 0 || weights == 0) {
    return 0;
  }
  switch (node.op) {
    case OpKind::conv:
    case OpKind::qconv:
    case OpKind::conv_integer:  // w [out, in per group, kernel...]
    case OpKind::linear:
    case OpKind::qlinear:  // w [out, in]
      return outputs * (weights / w->front());
    case OpKind::conv_transpose:
    case OpKind::qconv_transpose:  // w [in, out per group, kernel...]
      return inputs * (weights / w->front());
    case OpKind::matmul:
    case OpKind::matmul_integer: return outputs * x->back();
    case OpKind::gemm:
      return outputs * (inputs * weights == 0 || outputs == 0 ? 0
                        : node.as<GemmAttrs>().trans_a        ? x->front()
                                                              : x->back());
    case OpKind::lstm:
    case OpKind::gru:
    case OpKind::rnn: {  // x [steps, batch, in]; w [directions, gates, in], r [directions, gates, hidden]
      const Shape* r = known_shape(graph, node.input(2));
      return x->size() == 3 && r != nullptr ? (*x)[0] * (*x)[1] * (weights + count_of(*r)) : 0;
    }
    default: return 0;
  }
}

bool is_integer_op(OpKind op) {
  using enum OpKind;
  switch (op) {
    // clang-format off
    case qconv: case qconv_transpose: case qlinear: case qadd: case qavg_pool: case lut: case requantize:
    case conv_integer: case matmul_integer: return true;
    // clang-format on
    default: return false;
  }
}

}  // namespace dsq
