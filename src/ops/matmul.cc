// Shape inference of matrix products.
#include <map>

#include "src/ops/einsum.h"
#include "src/ops/infer_fns.h"

namespace dsq::infer {

Result<void> matmul(InferContext& c) {
  const bool integer = c.node().op == OpKind::matmul_integer;
  if (!integer && c.dtype(0) != c.dtype(1)) {
    return fail(Code::type_mismatch, "inputs are {} and {}", name_of(c.dtype(0)), name_of(c.dtype(1)));
  }
  std::optional<Shape> out;
  if (c.shape(0) != nullptr && c.shape(1) != nullptr) {
    Shape a = *c.shape(0);
    Shape b = *c.shape(1);
    if (a.empty() || b.empty()) {
      return fail(Code::shape_mismatch, "a factor is a scalar");
    }
    const bool row = a.size() == 1;
    const bool column = b.size() == 1;
    if (row) {
      a.insert(a.begin(), 1);
    }
    if (column) {
      b.push_back(1);
    }
    const int64_t inner_a = a.back();
    const int64_t inner_b = b[b.size() - 2];
    if (inner_a != inner_b && inner_a != kUnknown && inner_b != kUnknown) {
      return fail(Code::shape_mismatch, "{} and {} cannot be multiplied", text_of(*c.shape(0)), text_of(*c.shape(1)));
    }
    out = DSQ_TRY(broadcast(std::span(a).first(a.size() - 2), std::span(b).first(b.size() - 2)));
    if (!row) {
      out->push_back(a[a.size() - 2]);
    }
    if (!column) {
      out->push_back(b.back());
    }
  }
  c.set(0, integer ? DType::i32 : c.dtype(0), std::move(out));
  return {};
}

Result<void> gemm(InferContext& c) {
  const auto& attrs = c.attrs<GemmAttrs>();
  for (size_t i = 1; i < c.input_count(); ++i) {
    if (c.has(i) && c.dtype(i) != c.dtype(0)) {
      return fail(Code::type_mismatch, "inputs are {} and {}", name_of(c.dtype(0)), name_of(c.dtype(i)));
    }
  }
  const Shape* a = c.shape(0);
  const Shape* b = c.shape(1);
  std::optional<Shape> out;
  if (a != nullptr && b != nullptr) {
    if (a->size() != 2 || b->size() != 2) {
      return fail(Code::shape_mismatch, "{} and {} are not both matrices", text_of(*a), text_of(*b));
    }
    const int64_t m = (*a)[attrs.trans_a ? 1 : 0];
    const int64_t k = (*a)[attrs.trans_a ? 0 : 1];
    const int64_t k2 = (*b)[attrs.trans_b ? 1 : 0];
    const int64_t n = (*b)[attrs.trans_b ? 0 : 1];
    if (k != k2 && k != kUnknown && k2 != kUnknown) {
      return fail(Code::shape_mismatch, "{} and {} cannot be multiplied", text_of(*a), text_of(*b));
    }
    out = Shape{m, n};
    if (c.shape(2) != nullptr && is_known(*out) && is_known(*c.shape(2)) &&
        DSQ_TRY(broadcast(*out, *c.shape(2))) != *out) {
      return fail(Code::shape_mismatch, "{} does not broadcast to {}", text_of(*c.shape(2)), text_of(*out));
    }
  }
  c.set(0, c.dtype(0), std::move(out));
  return {};
}

Result<void> linear(InferContext& c) {  // x [..., K], w [N, K], b [N]
  const Shape* x = c.shape(0);
  const Shape* w = c.shape(1);
  std::optional<Shape> out;
  if (x != nullptr && w != nullptr) {
    if (x->empty() || w->size() != 2 || (x->back() != kUnknown && x->back() != (*w)[1])) {
      return fail(Code::shape_mismatch, "input {} does not fit weights {}", text_of(*x), text_of(*w));
    }
    out = *x;
    out->back() = (*w)[0];
  }
  c.set(0, c.node().op == OpKind::qlinear ? c.declared(0) : c.dtype(0), std::move(out));
  return {};
}

Result<void> einsum(InferContext& c) {
  std::vector<Shape> shapes;
  for (size_t i = 0; i < c.input_count(); ++i) {
    if (c.shape(i) == nullptr) {
      c.set(0, c.dtype(0), std::nullopt);
      return {};
    }
    shapes.push_back(*c.shape(i));
  }
  const EinsumPlan plan = DSQ_TRY(plan_einsum(c.attrs<EinsumAttrs>().equation, shapes));
  Shape out;
  for (const char label : plan.output) {
    out.push_back(plan.sizes.at(label));
  }
  c.set(0, c.dtype(0), std::move(out));
  return {};
}

}  // namespace dsq::infer
