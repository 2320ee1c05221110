// Float matrix products. A constant right side is packed when the kernel is made.
#include "src/runner/onednn/epilogue.h"
#include "src/runner/onednn/layers.h"
#include "src/runner/portable/dispatch.h"

namespace dsq::onednn {
namespace {

using dnnl::memory;
using portable::raw;

constexpr auto kF32 = memory::data_type::f32;

// y[m, n] = x[m, k] * w + bias + added, activated. `w` holds [k, n] with the given strides.
struct Product {
  int64_t m;
  int64_t n;
  int64_t k;
  memory::dims w_strides;
  const Tensor* w;
  const Tensor* bias = nullptr;
  bool adds = false;
  Activation act;
};

Kernel make(const Product& p) {
  const Md src({p.m, p.k}, kF32, memory::format_tag::ab);
  const Md dst({p.m, p.n}, kF32, memory::format_tag::ab);
  const Md plain({p.k, p.n}, kF32, p.w_strides);
  const Md bias({1, p.n}, kF32, memory::format_tag::ab);
  const Md any({p.k, p.n}, kF32, memory::format_tag::any);
  dnnl::post_ops ops;
  if (p.adds) {
    ops.append_binary(dnnl::algorithm::binary_add, dst);
  }
  append_activation(ops, p.act);
  dnnl::primitive_attr attr;
  attr.set_post_ops(ops);
  // Not the inner product primitive: that one cuts long sums by the number of threads.
  using Layer = dnnl::matmul;
  const Layer::desc desc = p.bias != nullptr ? Layer::desc(src, any, bias, dst) : Layer::desc(src, any, dst);
  auto primitive = std::make_shared<Primitive>();
  const Layer::primitive_desc chosen(desc, attr, primitive->engine());
  primitive->create(Layer(chosen));
  const size_t x = primitive->bind(DNNL_ARG_SRC, src);
  const size_t y = primitive->bind(DNNL_ARG_DST, dst);
  primitive->bind(DNNL_ARG_WEIGHTS, primitive->packed(raw<float>(*p.w), plain, chosen.weights_desc()));
  if (p.bias != nullptr) {
    primitive->bind(DNNL_ARG_BIAS, primitive->packed(raw<float>(*p.bias), bias, bias));
  }
  const size_t added = p.adds ? primitive->bind(DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1, dst) : 0;
  return [primitive, x, y, added, adds = p.adds](const Call& call) -> Result<void> {
    primitive->set(x, raw<float>(call.input(0)));
    primitive->set(y, raw<float>(call.output()));
    if (adds) {
      primitive->set(added, raw<float>(call.input(3)));
    }
    primitive->execute();
    return {};
  };
}

bool is_f32(const TensorType& type) { return type.known() && type.dtype == DType::f32; }

}  // namespace

Prepared prepare_linear(const Graph& graph, const Node& node) {
  const auto& attrs = node.as<LinearAttrs>();
  const TensorType& x = graph.value(node.inputs[0]).type;
  const Tensor* w = graph.constant(node.inputs[1]);
  const Tensor* bias = node.has_input(2) ? graph.constant(node.inputs[2]) : nullptr;
  if (!is_f32(x) || w == nullptr || w->dtype() != DType::f32 || (node.has_input(2) && bias == nullptr) ||
      count_of(*x.shape) == 0 || w->count() == 0) {
    return std::optional<Kernel>();
  }
  const int64_t n = w->shape()[0];
  const int64_t k = w->shape()[1];
  return std::optional(make({count_of(*x.shape) / k, n, k, {1, k}, w, bias, attrs.adds, attrs.activation()}));
}

Prepared prepare_matmul(const Graph& graph, const Node& node) {
  const TensorType& a = graph.value(node.inputs[0]).type;
  const TensorType& b = graph.value(node.inputs[1]).type;
  const TensorType& y = graph.value(node.outputs[0]).type;
  if (!is_f32(a) || !is_f32(b) || !is_f32(y) || a.rank() < 2 || b.rank() < 2 || count_of(*a.shape) == 0 ||
      count_of(*b.shape) == 0) {
    return std::optional<Kernel>();
  }
  const int64_t k = b.shape->at(b.shape->size() - 2);
  const int64_t n = b.shape->back();
  if (const Tensor* w = graph.constant(node.inputs[1]); w != nullptr && b.rank() == 2) {
    return std::optional(make({count_of(*a.shape) / k, n, k, {n, 1}, w, nullptr, false, {}}));
  }
  Shape left = *a.shape;
  Shape right = *b.shape;
  const size_t rank = y.shape->size();
  left.insert(left.begin(), rank - left.size(), 1);
  right.insert(right.begin(), rank - right.size(), 1);
  const Md src = row_major_desc(left, DType::f32);
  const Md weights = row_major_desc(right, DType::f32);
  const Md dst = row_major_desc(*y.shape, DType::f32);
  auto primitive = std::make_shared<Primitive>();
  primitive->create(dnnl::matmul({{src, weights, dst}, primitive->engine()}));
  const size_t x = primitive->bind(DNNL_ARG_SRC, src);
  const size_t w = primitive->bind(DNNL_ARG_WEIGHTS, weights);
  const size_t out = primitive->bind(DNNL_ARG_DST, dst);
  return std::optional<Kernel>([primitive, x, w, out](const Call& call) -> Result<void> {
    primitive->set(x, raw<float>(call.input(0)));
    primitive->set(w, raw<float>(call.input(1)));
    primitive->set(out, raw<float>(call.output()));
    primitive->execute();
    return {};
  });
}

Prepared prepare_gemm(const Graph& graph, const Node& node) {
  const auto& attrs = node.as<GemmAttrs>();
  const TensorType& a = graph.value(node.inputs[0]).type;
  const Tensor* w = graph.constant(node.inputs[1]);
  const Tensor* bias = node.has_input(2) ? graph.constant(node.inputs[2]) : nullptr;
  if (!is_f32(a) || w == nullptr || w->dtype() != DType::f32 || attrs.trans_a || attrs.alpha != 1 ||
      (node.has_input(2) && (bias == nullptr || attrs.beta != 1)) || count_of(*a.shape) == 0 || w->count() == 0) {
    return std::optional<Kernel>();
  }
  const int64_t n = w->shape()[attrs.trans_b ? 0 : 1];
  const int64_t k = w->shape()[attrs.trans_b ? 1 : 0];
  if (bias != nullptr && (bias->count() != n || (bias->rank() > 0 && bias->shape().back() != n))) {
    return std::optional<Kernel>();
  }
  return std::optional(
      make({a.shape->at(0), n, k, attrs.trans_b ? memory::dims{1, k} : memory::dims{n, 1}, w, bias, false, {}}));
}

}  // namespace dsq::onednn
