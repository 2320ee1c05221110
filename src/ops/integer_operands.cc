// What integer operators ask of their operands' types and shapes, before shapes are inferred. Kernels rely on it; files
// may claim anything. The meaning of the operands: formats/dsq/SEMANTICS.md, sections 3 to 5.
#include <algorithm>

#include "src/ops/infer_fns.h"

namespace dsq::infer {
namespace {

bool is_byte(DType type) { return is_integer(type) && bits_of(type) <= 8; }

Error misfit(const InferContext& c, size_t i, std::string_view wanted) {
  return fail(Code::shape_mismatch, "input {} is {}, {} expected", i, text_of(c.type(i)), wanted);
}

Result<void> bytes(const InferContext& c, size_t i) {
  if (!is_byte(c.dtype(i))) {
    return fail(Code::type_mismatch, "input {} is {}, integers of at most 8 bits expected", i, name_of(c.dtype(i)));
  }
  return {};
}

Result<void> floats(const InferContext& c, size_t i) {
  if (c.has(i) && c.dtype(i) != DType::f32) {
    return fail(Code::type_mismatch, "input {} is {}, f32 expected", i, name_of(c.dtype(i)));
  }
  return {};
}

// Inputs [first, last): one f32 for all each, or one for each channel of a result of shape `y`. Vectors belong to axis 1;
// those that a backend made for channels-last data have the rank of y, and its last axis is theirs.
Result<void> per_channel(const InferContext& c, size_t first, size_t last, const Shape* y, int64_t channels) {
  const Shape* vector = nullptr;
  for (size_t i = first; i < last; ++i) {
    DSQ_TRY(floats(c, i));
    const Shape* s = c.shape(i);
    if (s == nullptr || s->empty() || *s == Shape{1}) {
      continue;
    }
    const bool each = s->size() == 1 && (channels == kUnknown || s->front() == channels);
    const bool last_axis =
        s->size() > 2 && y != nullptr && s->size() == y->size() && s->back() == y->back() && count_of(*s) == s->back();
    if ((!each && !last_axis) || (vector != nullptr && *vector != *s)) {
      return misfit(c, i, "one value or one for each channel");
    }
    vector = s;
  }
  return {};
}

// Scale and zero point taken at run time: one, one for each sample, or (linear) one for each vector along the last axis.
Result<void> run_time_range(const InferContext& c) {
  DSQ_TRY(floats(c, 4));
  if (c.has(5) && (!c.has(4) || c.dtype(5) != DType::u8 || c.type(5).shape != c.type(4).shape)) {
    return misfit(c, 5, "a u8 zero point for each run-time scale");
  }
  const Shape* x = c.shape(0);
  const Shape* scale = c.shape(4);
  if (x == nullptr || scale == nullptr || scale->empty() || x->empty()) {
    return {};
  }
  const bool sample = scale->size() == 1 && scale->front() == x->front();
  const bool token = c.node().op == OpKind::qlinear && *scale == Shape(x->begin(), x->end() - 1);
  return sample || token ? Result<void>() : misfit(c, 4, "one scale, or one for each sample or token");
}

// x, w, m [N] or [N, groups], b [N], run-time scale, run-time zero point
Result<void> product(const InferContext& c) {
  DSQ_TRY(bytes(c, 0));
  if (c.dtype(1) != DType::i8 && c.dtype(1) != DType::i4) {
    return fail(Code::type_mismatch, "weights are {}, i8 or i4 expected", name_of(c.dtype(1)));
  }
  DSQ_TRY(floats(c, 2));
  DSQ_TRY(floats(c, 3));
  const Shape* w = c.shape(1);
  const Shape* m = c.shape(2);
  int64_t channels = kUnknown;
  if (w != nullptr && c.node().op == OpKind::qconv_transpose) {
    channels = w->size() > 1 && (*w)[1] != kUnknown ? (*w)[1] * c.attrs<ConvAttrs>().group : kUnknown;
  } else if (w != nullptr && !w->empty()) {
    channels = w->front();
  }
  const auto fits = [&](int64_t n) { return channels == kUnknown || n == channels; };
  if (m != nullptr && (m->empty() || m->size() > 2 || !fits(m->front()) || m->back() == 0)) {
    return misfit(c, 2, "a factor for each output channel, or for each and its groups");
  }
  if (c.shape(3) != nullptr && (c.shape(3)->size() != 1 || !fits(c.shape(3)->front()))) {
    return misfit(c, 3, "an offset for each output channel");
  }
  return run_time_range(c);
}

Result<void> byte_or_float_output(const InferContext& c, bool may_be_float) {
  const DType out = c.declared(0);
  if (!is_byte(out) && !(may_be_float && out == DType::f32)) {
    return fail(Code::type_mismatch, "the output is {}", name_of(out));
  }
  return {};
}

Result<void> table(const InferContext& c) {
  DSQ_TRY(bytes(c, 0));
  DSQ_TRY(bytes(c, 1));
  const int64_t entries = bits_of(c.dtype(0)) == 4 ? 16 : 256;
  if (c.shape(1) != nullptr && *c.shape(1) != Shape{entries}) {
    return misfit(c, 1, bits_of(c.dtype(0)) == 4 ? "16 entries" : "256 entries");
  }
  if (c.declared(0) != c.dtype(1)) {
    return fail(Code::type_mismatch, "the output is {}, the table {}", name_of(c.declared(0)), name_of(c.dtype(1)));
  }
  return {};
}

Result<void> sum(const InferContext& c) {
  DSQ_TRY(bytes(c, 0));
  DSQ_TRY(bytes(c, 1));
  int64_t channels = kUnknown;
  std::optional<Shape> out;
  if (c.shape(0) != nullptr && c.shape(1) != nullptr) {
    out = DSQ_TRY(broadcast(*c.shape(0), *c.shape(1)));
    channels = out->size() > 1 ? (*out)[1] : 1;
  }
  DSQ_TRY(per_channel(c, 2, 5, out ? &*out : nullptr, channels));
  return byte_or_float_output(c, false);
}

// x, m, b: a requantization, or pooling by average
Result<void> rescaled(const InferContext& c) {
  if (c.input_count() == 1) {  // at earlier stages, requantize is a marker on floats
    return {};
  }
  if (c.input_count() != 3 || !c.has(1) || !c.has(2)) {
    return fail(Code::graph_invalid, "factors and offsets are needed");
  }
  DSQ_TRY(bytes(c, 0));
  const Shape* x = c.shape(0);
  int64_t channels = x == nullptr ? kUnknown : x->size() < 2 ? 1 : (*x)[1];
  if (x != nullptr && !x->empty() && c.node().op == OpKind::qavg_pool &&
      c.attrs<PoolAttrs>().layout == Layout::channels_last) {
    channels = x->back();
  }
  DSQ_TRY(per_channel(c, 1, 3, c.node().op == OpKind::requantize ? x : nullptr, channels));
  return byte_or_float_output(c, false);
}

// Scales and zero points given as inputs: one, one for each index of the axis, or one for each block.
Result<void> conversion(const InferContext& c, DType to) {
  const bool is_quantize = c.node().op == OpKind::quantize;
  if (is_quantize ? !is_integer(to) || bits_of(to) > 16 : to != DType::f32) {
    return fail(Code::type_mismatch, "it cannot give {}", name_of(to));
  }
  const Shape* x = c.shape(0);
  const Shape* scale = c.shape(1);
  if (x == nullptr || scale == nullptr || scale->empty() || *scale == Shape{1}) {
    return {};
  }
  if (scale->size() == 1) {
    const int64_t axis = DSQ_TRY(normalize_axis(c.attrs<QuantizeAttrs>().axis, static_cast<int64_t>(x->size())));
    const int64_t along = (*x)[static_cast<size_t>(axis)];
    if (along != scale->front() && along != kUnknown && scale->front() != kUnknown) {
      return misfit(c, 1, "one scale for each index of the axis");
    }
  } else if (scale->size() != x->size() || std::ranges::find(*scale, 0) != scale->end()) {
    return misfit(c, 1, "one scale for each block");
  }
  const Shape* zero = c.shape(2);
  return zero == nullptr || zero->empty() || *zero == Shape{1} || *zero == *scale
             ? Result<void>()
             : misfit(c, 2, "a zero point for each scale");
}

}  // namespace

Result<void> integer_operands(const InferContext& c) {
  using enum OpKind;
  switch (c.node().op) {
    // clang-format off
    case qconv: case qconv_transpose: case qlinear:
      // clang-format on
      DSQ_TRY(product(c));
      return byte_or_float_output(c, true);
    case lut: return table(c);
    case OpKind::qadd: return sum(c);
    // clang-format off
    case requantize: case qavg_pool: return rescaled(c);
    case OpKind::quantize: case OpKind::dequantize: return conversion(c, c.attrs<QuantizeAttrs>().to);
    case OpKind::dynamic_quantize: {
      // clang-format on
      const DType to = c.attrs<DynamicQuantizeAttrs>().to;
      return to == DType::u4 || to == DType::u8
                 ? Result<void>()
                 : fail(Code::type_mismatch, "run-time ranges are u4 or u8, not {}", name_of(to));
    }
    default: return {};
  }
}

}  // namespace dsq::infer
