// What operators that are not integer ones ask of the types and shapes of their operands, before shapes are inferred:
// weights, parameters, states, lengths, counts, truth values. Kernels rely on it; models may claim anything.
#include <algorithm>

#include "src/support/strings.h"

#include "src/ops/infer_fns.h"

namespace dsq::infer {
namespace {

// Inputs [first, last), where present, have the element type of the first input.
Result<void> same_type(const InferContext& c, size_t first, size_t last) {
  for (size_t i = first; i < std::min(last, c.input_count()); ++i) {
    if (c.has(i) && c.dtype(i) != c.dtype(0)) {
      return fail(Code::type_mismatch, "input {} is {}, {} expected", i, name_of(c.dtype(i)), name_of(c.dtype(0)));
    }
  }
  return {};
}

// Unknown dimensions fit; they are asked again when they are known.
Result<void> shaped(const InferContext& c, size_t i, const Shape& wanted) {
  const Shape* shape = c.shape(i);
  const auto fits = [](int64_t a, int64_t b) { return a == b || a == kUnknown || b == kUnknown; };
  if (shape != nullptr && !std::ranges::equal(*shape, wanted, fits)) {
    return fail(Code::shape_mismatch, "input {} is {}, {} expected", i, text_of(*shape), text_of(wanted));
  }
  return {};
}

Result<void> single(const InferContext& c, size_t i) {
  const bool one = c.shape(i) == nullptr || !is_known(*c.shape(i)) || count_of(*c.shape(i)) == 1;
  if (!one) {
    return fail(Code::shape_mismatch, "input {} is {}, one element expected", i, text_of(*c.shape(i)));
  }
  return {};
}

Result<void> is_a_float(const InferContext& c) {
  if (!is_float(c.dtype(0))) {
    return fail(Code::type_mismatch, "input 0 is {}, not a float type", name_of(c.dtype(0)));
  }
  return {};
}

Result<void> booleans(const InferContext& c) {
  for (size_t i = 0; i < c.input_count(); ++i) {
    if (c.dtype(i) != DType::boolean) {
      return fail(Code::type_mismatch, "input {} is {}, not bool", i, name_of(c.dtype(i)));
    }
  }
  return {};
}

// Bytes, and zero points of their types: inputs 2 and 3.
Result<void> byte_products(const InferContext& c) {
  for (size_t i = 0; i < 2; ++i) {
    if (c.dtype(i) != DType::i8 && c.dtype(i) != DType::u8) {
      return fail(Code::type_mismatch, "input {} is {}, i8 or u8 expected", i, name_of(c.dtype(i)));
    }
    if (c.has(i + 2) && c.dtype(i + 2) != c.dtype(i)) {
      return fail(Code::type_mismatch, "input {} is {}, {} expected", i + 2, name_of(c.dtype(i + 2)),
                  name_of(c.dtype(i)));
    }
  }
  return {};
}

// What a backend lets a layer add to its result: the last input.
Result<void> added(const InferContext& c, bool adds) {
  if (adds != c.has(3)) {
    return fail(Code::graph_invalid, "input 3 is {}", adds ? "to be added and absent" : "not to be added");
  }
  return {};
}

Result<void> linear_operands(const InferContext& c) {
  DSQ_TRY(is_a_float(c));
  DSQ_TRY(added(c, c.attrs<LinearAttrs>().adds));
  return c.shape(1) != nullptr && c.shape(1)->size() == 2 ? shaped(c, 2, {c.shape(1)->front()}) : Result<void>();
}

Result<void> group_norm_operands(const InferContext& c) {
  DSQ_TRY(same_type(c, 1, 3));
  const Shape* x = c.shape(0);
  const Shape* scale = c.shape(1);
  const int64_t channels = x != nullptr && x->size() >= 2 ? (*x)[1] : kUnknown;
  if (scale != nullptr) {
    DSQ_TRY(shaped(c, 2, *scale));
    const bool fits = scale->size() == 1 && (channels == kUnknown || scale->front() == kUnknown ||
                                             (scale->front() > 0 && channels % scale->front() == 0));
    if (!fits) {
      return fail(Code::shape_mismatch, "scale {} does not fit {}", text_of(*scale), plural(channels, "channel"));
    }
  }
  return {};
}

Result<void> layer_norm_operands(const InferContext& c) {
  for (size_t i = 1; c.shape(0) != nullptr && i < c.input_count(); ++i) {
    if (c.shape(i) != nullptr) {  // broadcast to x, and x to nothing
      DSQ_TRY(shaped(c, 0, DSQ_TRY(broadcast(*c.shape(0), *c.shape(i)))));
    }
  }
  return {};
}

Result<void> recurrent_operands(const InferContext& c) {  // x, w, r, bias, lengths, h0, (c0, peepholes)
  DSQ_TRY(same_type(c, 1, 4));
  DSQ_TRY(require_ints(c, 4, 5));
  DSQ_TRY(same_type(c, 5, 8));
  const auto& attrs = c.attrs<RnnAttrs>();
  const Shape* x = c.shape(0);
  const int64_t batch = x != nullptr && x->size() == 3 ? (*x)[attrs.batch_first ? 0 : 1] : kUnknown;
  const int64_t directions = attrs.direction == RnnDirection::bidirectional ? 2 : 1;
  const int64_t gates = c.node().op == OpKind::lstm ? 4 : c.node().op == OpKind::gru ? 3 : 1;
  if (attrs.hidden < 1 || attrs.hidden > INT32_MAX) {
    return fail(Code::attribute_invalid, "a hidden size of {}", attrs.hidden);
  }
  const Shape state =
      attrs.batch_first ? Shape{batch, directions, attrs.hidden} : Shape{directions, batch, attrs.hidden};
  DSQ_TRY(shaped(c, 3, {directions, 2 * gates * attrs.hidden}));
  DSQ_TRY(shaped(c, 4, {batch}));
  DSQ_TRY(shaped(c, 5, state));
  DSQ_TRY(shaped(c, 6, state));
  return shaped(c, 7, {directions, 3 * attrs.hidden});
}

Result<void> grid_sample_operands(const InferContext& c) {
  DSQ_TRY(same_type(c, 1, 2));
  const Shape* x = c.shape(0);
  const Shape* grid = c.shape(1);
  if (x == nullptr || grid == nullptr || grid->empty() || x->empty()) {
    return {};
  }
  Shape wanted(grid->size(), kUnknown);
  wanted.front() = x->front();
  wanted.back() = static_cast<int64_t>(x->size()) - 2;
  return shaped(c, 1, wanted);
}

Result<void> roi_align_operands(const InferContext& c) {  // x, regions, the picture that each lies in
  DSQ_TRY(same_type(c, 1, 2));
  DSQ_TRY(require_ints(c, 2, 3));
  DSQ_TRY(shaped(c, 1, {kUnknown, 4}));
  return shaped(c, 2, {c.shape(1) == nullptr ? kUnknown : c.shape(1)->front()});
}

Result<void> reverse_sequence_operands(const InferContext& c) {
  DSQ_TRY(require_ints(c, 1, 2));
  const auto& attrs = c.attrs<SequenceAttrs>();
  if (c.shape(0) == nullptr) {
    return {};
  }
  const auto rank = static_cast<int64_t>(c.shape(0)->size());
  DSQ_TRY(normalize_axis(attrs.time_axis, rank));
  const int64_t batch = DSQ_TRY(normalize_axis(attrs.batch_axis, rank));
  return shaped(c, 1, {(*c.shape(0))[static_cast<size_t>(batch)]});
}

Result<void> suppression_operands(const InferContext& c) {  // boxes, scores, most per class, overlap, score
  DSQ_TRY(is_a_float(c));
  DSQ_TRY(same_type(c, 1, 2));
  DSQ_TRY(require_ints(c, 2, 3));
  DSQ_TRY(same_type(c, 3, 5));
  for (size_t i = 2; i < c.input_count(); ++i) {
    DSQ_TRY(single(c, i));
  }
  return {};
}

Result<void> cumsum_operands(const InferContext& c) {
  DSQ_TRY(require_ints(c, 1, 2));
  DSQ_TRY(single(c, 1));
  const Ints* axis = c.known_ints(1);
  const int64_t rank = c.type(0).rank();
  if (c.type(0).shape && axis != nullptr && axis->size() == 1 && (axis->front() < -rank || axis->front() >= rank)) {
    return fail(Code::attribute_invalid, "axis {} of a value of rank {}", axis->front(), rank);
  }
  return {};
}

}  // namespace

Result<void> float_operands(const InferContext& c) {
  using enum OpKind;
  switch (c.node().op) {
    case conv:
    case conv_transpose: DSQ_TRY(is_a_float(c)); return added(c, c.attrs<ConvAttrs>().adds);
    case conv_integer:
    case matmul_integer: return byte_products(c);
    case linear: return linear_operands(c);
    case batch_norm:
    case instance_norm: return same_type(c, 1, 5);
    case group_norm: return group_norm_operands(c);
    case layer_norm:
    case rms_norm: DSQ_TRY(is_a_float(c)); return layer_norm_operands(c);
    case lstm:
    case gru:
    case rnn: return recurrent_operands(c);
    case grid_sample: return grid_sample_operands(c);
    case roi_align: return roi_align_operands(c);
    case reverse_sequence: return reverse_sequence_operands(c);
    case non_max_suppression: return suppression_operands(c);
    case einsum: return same_type(c, 1, c.input_count());
    case trilu: DSQ_TRY(require_ints(c, 1, 2)); return single(c, 1);
    case cumsum: return cumsum_operands(c);
    case softmax:
    case log_softmax:
    case hardmax:
    case lp_norm:
    case is_inf:
    case is_nan: return is_a_float(c);
    case logical_and:
    case logical_not:
    case logical_or:
    case logical_xor: return booleans(c);
    default: return {};
  }
}

}  // namespace dsq::infer
