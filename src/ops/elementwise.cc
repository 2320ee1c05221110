// Shape inference of elementwise operators.
#include <algorithm>

#include "src/ops/infer_fns.h"

namespace dsq::infer {
namespace {

constexpr int64_t kExact = int64_t{1} << 24;  // larger integers may be rounded in f32

// Integer contents through + - * / and comparisons, for shape arithmetic. Both operands have rank 0 or 1.
void fold_ints(InferContext& c, const Shape& out) {
  const Ints* a = c.ints(0);
  const Ints* b = c.ints(1);
  if (a == nullptr || b == nullptr || out.size() > 1 || a->empty() || b->empty()) {
    return;
  }
  Ints result(std::max(a->size(), b->size()));
  for (size_t i = 0; i < result.size(); ++i) {
    const int64_t x = (*a)[a->size() == 1 ? 0 : i];
    const int64_t y = (*b)[b->size() == 1 ? 0 : i];
    int64_t z = 0;
    bool overflow = x == kAnyInt || y == kAnyInt;
    if (!overflow) {
      switch (c.node().op) {
        case OpKind::add: overflow = __builtin_add_overflow(x, y, &z); break;
        case OpKind::sub: overflow = __builtin_sub_overflow(x, y, &z); break;
        case OpKind::mul: overflow = __builtin_mul_overflow(x, y, &z); break;
        case OpKind::div:
          overflow = y == 0 || y == -1 || (is_float(c.dtype(0)) && x % y != 0);
          z = overflow ? 0 : x / y;
          break;
        case OpKind::max: z = std::max(x, y); break;
        case OpKind::min: z = std::min(x, y); break;
        default: return;
      }
    }
    result[i] = overflow ? kAnyInt : z;
  }
  c.set_ints(0, std::move(result));
}

Result<std::optional<Shape>> broadcast_shapes(const InferContext& c, size_t first, size_t last) {
  Shape out;
  for (size_t i = first; i < last; ++i) {
    if (!c.has(i)) {
      continue;
    }
    if (c.shape(i) == nullptr) {
      return std::optional<Shape>();
    }
    out = DSQ_TRY(broadcast(out, *c.shape(i)));
  }
  return std::optional<Shape>(std::move(out));
}

Result<void> require_same_types(const InferContext& c, size_t first, size_t last) {
  for (size_t i = first + 1; i < last; ++i) {
    if (c.has(i) && c.dtype(i) != c.dtype(first)) {
      return fail(Code::type_mismatch, "inputs are {} and {}", name_of(c.dtype(first)), name_of(c.dtype(i)));
    }
  }
  return {};
}

}  // namespace

Result<void> same_as_input(InferContext& c) {
  c.set(0, c.dtype(0), c.type(0).shape);
  if (c.node().op == OpKind::identity && c.ints(0) != nullptr) {
    c.set_ints(0, *c.ints(0));
  }
  return {};
}

Result<void> cast(InferContext& c) {
  c.set(0, c.attrs<CastAttrs>().to, c.type(0).shape);
  // Integers survive a detour through wide floats too; narrow targets are left to constant folding.
  const DType to = c.attrs<CastAttrs>().to;
  if (c.ints(0) != nullptr && (to == DType::i64 || to == DType::i32 || to == DType::f32 || to == DType::f64)) {
    Ints ints = *c.ints(0);
    std::ranges::replace_if(
        ints, [&](int64_t v) { return to == DType::f32 && (v > kExact || v < -kExact); }, kAnyInt);
    c.set_ints(0, std::move(ints));
  }
  return {};
}

Result<void> to_bool(InferContext& c) {
  c.set(0, DType::boolean, c.type(0).shape);
  return {};
}

Result<void> broadcast_all(InferContext& c) {
  DSQ_TRY(require_same_types(c, 0, c.input_count()));
  std::optional<Shape> shape = DSQ_TRY(broadcast_shapes(c, 0, c.input_count()));
  if (shape && c.input_count() == 2) {
    fold_ints(c, *shape);
  }
  c.set(0, c.dtype(0), std::move(shape));
  return {};
}

Result<void> broadcast_compare(InferContext& c) {
  DSQ_TRY(require_same_types(c, 0, c.input_count()));
  c.set(0, DType::boolean, DSQ_TRY(broadcast_shapes(c, 0, c.input_count())));
  return {};
}

Result<void> where(InferContext& c) {
  if (c.dtype(0) != DType::boolean) {
    return fail(Code::type_mismatch, "the condition is {}, not bool", name_of(c.dtype(0)));
  }
  DSQ_TRY(require_same_types(c, 1, 3));
  c.set(0, c.dtype(1), DSQ_TRY(broadcast_shapes(c, 0, 3)));
  return {};
}

Result<void> clip(InferContext& c) {
  DSQ_TRY(require_same_types(c, 0, c.input_count()));
  c.set(0, c.dtype(0), c.type(0).shape);
  return {};
}

Result<void> pow(InferContext& c) {  // the exponent may have another type
  c.set(0, c.dtype(0), DSQ_TRY(broadcast_shapes(c, 0, 2)));
  return {};
}

}  // namespace dsq::infer
