// Which kernel runs which operator. Control flow is not here: src/runner/control.cc runs nested graphs.
#include <algorithm>

#include "src/runner/portable/kernels.h"

#include "src/runner/portable/backend.h"
#include "src/runner/portable/unpacked.h"

namespace dsq::portable {
namespace {

using Function = Result<void> (*)(const Call&);

// clang-format off
Function kernel_of(OpKind op) {
  using enum OpKind;
  switch (op) {
    case abs: case acos: case acosh: case asin: case asinh: case atan: case atanh: case ceil: case celu: case cos:
    case cosh: case elu: case erf: case exp: case floor: case gelu: case hard_sigmoid: case hard_swish:
    case leaky_relu: case log: case mish: case neg: case reciprocal: case relu: case round: case selu: case shrink:
    case sigmoid: case sign: case silu: case sin: case sinh: case softplus: case softsign: case sqrt: case tan:
    case tanh: case thresholded_relu: return unary;
    case OpKind::cast: return portable::cast;
    case is_nan: case is_inf: case logical_not: case bitwise_not: return classify;
    case add: case sub: case mul: case div: case max: case min: case mod: case pow: case prelu: return arithmetic;
    case equal: case greater: case greater_equal: case less: case less_equal: case logical_and: case logical_or:
    case logical_xor: return compare;
    case bitwise_and: case bitwise_or: case bitwise_xor: case bit_shift: return bitwise;
    case OpKind::where: return portable::where;
    case OpKind::clip: return portable::clip;
    case reduce_l1: case reduce_l2: case reduce_log_sum: case reduce_log_sum_exp: case reduce_max: case reduce_mean:
    case reduce_min: case reduce_prod: case reduce_sum: case reduce_sum_square: return reduce;
    case arg_max: case arg_min: return arg;
    case OpKind::topk: return portable::topk;
    case OpKind::cumsum: return portable::cumsum;
    case OpKind::softmax: case log_softmax: case hardmax: return portable::softmax;
    case OpKind::conv: return portable::conv;
    case OpKind::conv_transpose: return portable::conv_transpose;
    case OpKind::max_pool: return portable::max_pool;
    case avg_pool: case lp_pool: return mean_pool;
    case OpKind::matmul: return portable::matmul;
    case OpKind::gemm: return portable::gemm;
    case OpKind::linear: return portable::linear;
    case OpKind::einsum: return portable::einsum;
    case OpKind::batch_norm: return portable::batch_norm;
    case instance_norm: case group_norm: return channel_norm;
    case OpKind::layer_norm: case rms_norm: return portable::layer_norm;
    case OpKind::lp_norm: return portable::lp_norm;
    case OpKind::lrn: return portable::lrn;
    case OpKind::mean_variance_norm: return portable::mean_variance_norm;
    case reshape: case squeeze: case unsqueeze: case identity: return copy;
    case OpKind::transpose: return portable::transpose;
    case OpKind::concat: return portable::concat;
    case OpKind::split: return portable::split;
    case OpKind::slice: return portable::slice;
    case OpKind::pad: return portable::pad;
    case OpKind::tile: return portable::tile;
    case OpKind::expand: return portable::expand;
    case OpKind::depth_to_space: return portable::depth_to_space;
    case OpKind::space_to_depth: return portable::space_to_depth;
    case OpKind::trilu: return portable::trilu;
    case OpKind::reverse_sequence: return portable::reverse_sequence;
    case OpKind::shape: case OpKind::size: return shape_of;
    case OpKind::constant_of_shape: return portable::constant_of_shape;
    case OpKind::range: return portable::range;
    case OpKind::eye_like: return portable::eye_like;
    case OpKind::one_hot: return portable::one_hot;
    case OpKind::gather: return portable::gather;
    case OpKind::gather_elements: return portable::gather_elements;
    case OpKind::gather_nd: return portable::gather_nd;
    case OpKind::scatter_elements: return portable::scatter_elements;
    case OpKind::scatter_nd: return portable::scatter_nd;
    case OpKind::nonzero: return portable::nonzero;
    case OpKind::compress: return portable::compress;
    case OpKind::resize: return portable::resize;
    case OpKind::grid_sample: return portable::grid_sample;
    case OpKind::roi_align: return portable::roi_align;
    case lstm: case gru: case rnn: return recurrent;
    case OpKind::non_max_suppression: return portable::non_max_suppression;
    case OpKind::quantize: return portable::quantize;
    case OpKind::dequantize: return portable::dequantize;
    case OpKind::dynamic_quantize: return portable::dynamic_quantize;
    case OpKind::requantize: return portable::requantize;
    case OpKind::lut: return portable::lut;
    case OpKind::qadd: return portable::qadd;
    case OpKind::qavg_pool: return portable::qavg_pool;
    case OpKind::qconv: return portable::qconv;
    case OpKind::qconv_transpose: return portable::qconv_transpose;
    case OpKind::qlinear: return portable::qlinear;
    case OpKind::conv_integer: return portable::conv_integer;
    case OpKind::matmul_integer: return portable::matmul_integer;
    case if_else: case loop: return nullptr;
  }
  return nullptr;
}
// clang-format on

bool has_nibbles(const Graph& graph, const Node& node) {
  const auto is_nibble = [&](ValueId id) { return id != ValueId::none && bits_of(graph.value(id).type.dtype) == 4; };
  return std::ranges::any_of(node.inputs, is_nibble) || std::ranges::any_of(node.outputs, is_nibble);
}

}  // namespace

Result<void> transform(Graph&) { return {}; }

Result<Kernel> prepare(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  // At stages before `lowered`, a requantize only marks where precision changes: values pass through.
  if (node.op == OpKind::requantize && node.inputs.size() == 1) {
    return Kernel(copy);
  }
  const Function function = kernel_of(node.op);
  if (function == nullptr) {
    return fail(Code::op_not_runnable, "no kernel for {}", name_of(node.op));
  }
  const bool moves_bytes = function == copy || function == portable::cast;
  return has_nibbles(graph, node) && !moves_bytes ? unpacked(function) : Kernel(function);
}

std::string instructions() {
#if defined(__AVX512F__)
  return "AVX-512";
#elif defined(__AVX2__)
  return "AVX2";
#else
  return "SSE2";
#endif
}

std::string library() { return {}; }

}  // namespace dsq::portable
