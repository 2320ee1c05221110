// Shape inference of convolutions and pools.
#include "src/ops/infer_fns.h"
#include "src/ops/window.h"
#include "src/support/strings.h"

namespace dsq::infer {
namespace {

DType result_type(const InferContext& c) {
  switch (c.node().op) {
    case OpKind::conv_integer: return DType::i32;
    case OpKind::qconv:
    case OpKind::qconv_transpose: return c.declared(0);
    default: return c.dtype(0);
  }
}

struct Parts {
  int64_t batch;
  int64_t channels;
  Shape spatial;
};

Parts parts_of(const Shape& shape, Layout layout) {
  const bool last = layout == Layout::channels_last;
  return {shape[0], last ? shape.back() : shape[1],
          Shape(shape.begin() + (last ? 1 : 2), shape.end() - (last ? 1 : 0))};
}

Shape assemble(int64_t batch, int64_t channels, const Window& window, Layout layout) {
  Shape out{batch};
  if (layout == Layout::channels_first) {
    out.push_back(channels);
  }
  for (const WindowAxis& axis : window) {
    out.push_back(axis.out);
  }
  if (layout == Layout::channels_last) {
    out.push_back(channels);
  }
  return out;
}

constexpr int64_t kMaxGroups = int64_t{1} << 31;

Result<void> check_ranks(const Shape& x, const Shape& w) {
  if (x.size() < 3 || w.size() != x.size()) {
    return fail(Code::shape_mismatch, "input {} and weights {} do not have the same rank of at least 3", text_of(x),
                text_of(w));
  }
  return {};
}

}  // namespace

Result<void> conv(InferContext& c) {
  const Shape* x = c.shape(0);
  const Shape* w = c.shape(1);
  c.set(0, result_type(c), std::nullopt);
  if (x == nullptr || w == nullptr) {
    return {};
  }
  const auto& attrs = c.attrs<ConvAttrs>();
  DSQ_TRY(check_ranks(*x, *w));
  const Parts in = parts_of(*x, attrs.layout);
  if (attrs.group < 1 || attrs.group > kMaxGroups || (*w)[0] < 0 || (*w)[1] < 0 || (*w)[0] % attrs.group != 0 ||
      (in.channels != kUnknown && in.channels != (*w)[1] * attrs.group)) {
    return fail(Code::shape_mismatch, "weights {} do not fit {} in {}", text_of(*w), plural(in.channels, "channel"),
                plural(attrs.group, "group"));
  }
  const Shape* bias = c.node().op == OpKind::conv ? c.shape(2) : nullptr;
  if (bias != nullptr && (bias->size() != 1 || ((*bias)[0] != (*w)[0] && (*bias)[0] != kUnknown))) {
    return fail(Code::shape_mismatch, "bias {} does not fit {} output channels", text_of(*bias), (*w)[0]);
  }
  const Window window = DSQ_TRY(window_of(attrs, std::span(*w).subspan(2), in.spatial));
  c.set(0, result_type(c), assemble(in.batch, (*w)[0], window, attrs.layout));
  return {};
}

Result<void> conv_transpose(InferContext& c) {
  const Shape* x = c.shape(0);
  const Shape* w = c.shape(1);
  c.set(0, result_type(c), std::nullopt);
  if (x == nullptr || w == nullptr) {
    return {};
  }
  const auto& attrs = c.attrs<ConvAttrs>();
  DSQ_TRY(check_ranks(*x, *w));
  const Parts in = parts_of(*x, attrs.layout);
  if (attrs.group < 1 || attrs.group > kMaxGroups || (*w)[0] < 0 || (*w)[0] % attrs.group != 0 ||
      (in.channels != kUnknown && in.channels != (*w)[0])) {
    return fail(Code::shape_mismatch, "weights {} do not fit {} in {}", text_of(*w), plural(in.channels, "channel"),
                plural(attrs.group, "group"));
  }
  const Shape* bias = c.node().op == OpKind::conv_transpose ? c.shape(2) : nullptr;
  if (bias != nullptr && (bias->size() != 1 || (*bias)[0] != (*w)[1] * attrs.group)) {
    return fail(Code::shape_mismatch, "bias {} does not fit {} output channels", text_of(*bias), (*w)[1] * attrs.group);
  }
  const Window window = DSQ_TRY(transposed_window_of(attrs, std::span(*w).subspan(2), in.spatial));
  c.set(0, result_type(c), assemble(in.batch, (*w)[1] * attrs.group, window, attrs.layout));
  return {};
}

Result<void> pool(InferContext& c) {
  const Shape* x = c.shape(0);
  std::optional<Shape> out;
  const auto& attrs = c.attrs<PoolAttrs>();
  if (c.node().op == OpKind::lp_pool && attrs.p < 1) {
    return fail(Code::attribute_invalid, "a norm with p = {}", attrs.p);
  }
  if (x != nullptr) {
    if (x->size() < 3) {
      return fail(Code::shape_mismatch, "input {} has no spatial dimension", text_of(*x));
    }
    const Parts in = parts_of(*x, attrs.layout);
    out = assemble(in.batch, in.channels, DSQ_TRY(window_of(attrs, in.spatial)), attrs.layout);
  }
  c.set(0, c.node().op == OpKind::qavg_pool ? c.declared(0) : c.dtype(0), out);
  if (c.output_count() > 1) {
    c.set(1, DType::i64, out);
  }
  return {};
}

}  // namespace dsq::infer
