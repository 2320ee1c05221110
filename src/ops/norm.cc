// Shape inference of normalizations.
#include "src/ops/infer_fns.h"

#include "src/support/strings.h"

namespace dsq::infer {
namespace {

Result<void> check_channels(const InferContext& c, size_t first, size_t last) {
  const Shape* x = c.shape(0);
  if (x == nullptr || x->size() < 2) {
    return x == nullptr ? Result<void>() : fail(Code::shape_mismatch, "input {} has no channels", text_of(*x));
  }
  for (size_t i = first; i < last; ++i) {
    const Shape* each = c.shape(i);
    if (each != nullptr &&
        (each->size() != 1 || ((*each)[0] != (*x)[1] && (*each)[0] != kUnknown && (*x)[1] != kUnknown))) {
      return fail(Code::shape_mismatch, "parameter {} does not fit {}", text_of(*each), plural((*x)[1], "channel"));
    }
  }
  return {};
}

}  // namespace

Result<void> batch_norm(InferContext& c) {
  DSQ_TRY(check_channels(c, 1, 5));
  c.set(0, c.dtype(0), c.type(0).shape);
  return {};
}

Result<void> per_channel_norm(InferContext& c) {
  const bool by_channel = c.node().op == OpKind::instance_norm;
  DSQ_TRY(check_channels(c, 1, by_channel ? 3 : 1));
  c.set(0, c.dtype(0), c.type(0).shape);
  return {};
}

Result<void> lp_norm(InferContext& c) {
  if (c.shape(0) != nullptr) {
    DSQ_TRY(normalize_axis(c.attrs<NormAttrs>().axis, static_cast<int64_t>(c.shape(0)->size())));
  }
  c.set(0, c.dtype(0), c.type(0).shape);
  return {};
}

Result<void> lrn(InferContext& c) {
  if (c.attrs<LrnAttrs>().size < 1 || (c.shape(0) != nullptr && c.shape(0)->size() < 3)) {
    return fail(Code::attribute_invalid, "a size of {} over {}", c.attrs<LrnAttrs>().size, text_of(c.type(0)));
  }
  c.set(0, c.dtype(0), c.type(0).shape);
  return {};
}

Result<void> layer_norm(InferContext& c) {
  const Shape* x = c.shape(0);
  std::optional<Shape> statistics;
  if (x != nullptr) {
    const auto axis =
        static_cast<size_t>(DSQ_TRY(normalize_axis(c.attrs<NormAttrs>().axis, static_cast<int64_t>(x->size()))));
    statistics = *x;
    std::fill(statistics->begin() + static_cast<long>(axis), statistics->end(), 1);
    for (size_t i = 1; i < c.input_count(); ++i) {
      if (c.shape(i) != nullptr && DSQ_TRY(broadcast(*x, *c.shape(i))).size() != x->size()) {
        return fail(Code::shape_mismatch, "parameter {} does not fit {}", text_of(*c.shape(i)), text_of(*x));
      }
    }
  }
  c.set(0, c.dtype(0), c.type(0).shape);
  for (size_t i = 1; i < c.output_count(); ++i) {
    c.set(i, DType::f32, statistics);
  }
  return {};
}

}  // namespace dsq::infer
