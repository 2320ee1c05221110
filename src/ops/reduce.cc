// Shape inference of reductions, arg_max, topk and the softmax family.
#include "src/ops/infer_fns.h"

namespace dsq::infer {

Result<void> reduce(InferContext& c) {
  DSQ_TRY(require_ints(c, 1, 2));
  const auto& attrs = c.attrs<ReduceAttrs>();
  const Shape* in = c.shape(0);
  std::optional<Shape> out;
  if (in != nullptr && (!c.has(1) || c.known_ints(1) != nullptr)) {
    const auto rank = static_cast<int64_t>(in->size());
    Ints axes = c.has(1) ? *c.known_ints(1) : Ints{};
    if (axes.empty() && !attrs.noop_with_empty_axes) {
      for (int64_t i = 0; i < rank; ++i) {
        axes.push_back(i);
      }
    }
    std::vector<bool> reduced(in->size(), false);
    for (const int64_t axis : axes) {
      reduced[static_cast<size_t>(DSQ_TRY(normalize_axis(axis, rank)))] = true;
    }
    out.emplace();
    for (size_t i = 0; i < in->size(); ++i) {
      if (!reduced[i]) {
        out->push_back((*in)[i]);
      } else if (attrs.keepdims) {
        out->push_back(1);
      }
    }
  } else if (in != nullptr && attrs.keepdims) {
    out = Shape(in->size(), kUnknown);
  }
  c.set(0, c.dtype(0), std::move(out));
  return {};
}

Result<void> arg(InferContext& c) {
  const auto& attrs = c.attrs<ArgAttrs>();
  std::optional<Shape> out;
  if (c.shape(0) != nullptr) {
    out = *c.shape(0);
    const int64_t axis = DSQ_TRY(normalize_axis(attrs.axis, static_cast<int64_t>(out->size())));
    if (attrs.keepdims) {
      (*out)[static_cast<size_t>(axis)] = 1;
    } else {
      out->erase(out->begin() + axis);
    }
  }
  c.set(0, DType::i64, std::move(out));
  return {};
}

Result<void> topk(InferContext& c) {
  DSQ_TRY(require_ints(c, 1, 2));
  std::optional<Shape> out;
  if (c.shape(0) != nullptr) {
    out = *c.shape(0);
    const auto axis =
        static_cast<size_t>(DSQ_TRY(normalize_axis(c.attrs<TopKAttrs>().axis, static_cast<int64_t>(out->size()))));
    const Ints* k = c.known_ints(1);
    if (k != nullptr && (k->size() != 1 || (*k)[0] < 0 || ((*out)[axis] != kUnknown && (*k)[0] > (*out)[axis]))) {
      return fail(Code::shape_mismatch, "k does not fit an axis of size {}", (*out)[axis]);
    }
    (*out)[axis] = k == nullptr ? kUnknown : (*k)[0];
  }
  c.set(0, c.dtype(0), out);
  c.set(1, DType::i64, out);
  return {};
}

Result<void> softmax(InferContext& c) {
  if (c.shape(0) != nullptr) {
    DSQ_TRY(normalize_axis(c.attrs<AxisAttrs>().axis, static_cast<int64_t>(c.shape(0)->size())));
  }
  c.set(0, c.dtype(0), c.type(0).shape);
  return {};
}

}  // namespace dsq::infer
