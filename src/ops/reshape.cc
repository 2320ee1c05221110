// Shape inference of operators that only rearrange or create elements.
#include <algorithm>
#include <cmath>

#include "src/ops/infer_fns.h"
#include "src/ops/limits.h"

namespace dsq::infer {
namespace {

constexpr int64_t kMaxBlock = 1 << 11;  // squared and times a dimension it stays within 63 bits

void keep_ints(InferContext& c) {
  if (c.ints(0) != nullptr) {
    c.set_ints(0, *c.ints(0));
  }
}

std::optional<Shape> shape_from_ints(const Ints* ints) {
  if (ints == nullptr) {
    return std::nullopt;
  }
  Shape out = *ints;
  std::ranges::replace(out, kAnyInt, kUnknown);
  return out;
}

// Sizes or axes, one for each dimension of the result.
Result<void> require_dims(const InferContext& c, size_t i) {
  DSQ_TRY(require_ints(c, i, i + 1));
  const Shape* shape = c.shape(i);
  if (shape != nullptr && shape->size() == 1 && shape->front() > static_cast<int64_t>(kMaxDims)) {
    return fail(Code::shape_mismatch, "the result would have {} dimensions; {} are supported", shape->front(),
                kMaxDims);
  }
  return {};
}

// When only the length of a shape tensor is known, at least the rank is.
std::optional<Shape> unknown_of_rank(const Shape* shape_of_shape) {
  if (shape_of_shape == nullptr || shape_of_shape->size() != 1 || (*shape_of_shape)[0] < 0 ||
      (*shape_of_shape)[0] > kMaxKnownInts) {
    return std::nullopt;
  }
  return Shape(static_cast<size_t>((*shape_of_shape)[0]), kUnknown);
}

}  // namespace

Result<void> reshape(InferContext& c) {
  DSQ_TRY(require_dims(c, 1));
  const Ints* wanted = c.ints(1);
  const Shape* in = c.shape(0);
  if (wanted == nullptr) {
    c.set(0, c.dtype(0), unknown_of_rank(c.shape(1)));
    return {};
  }
  Shape out(wanted->size(), kUnknown);
  int64_t known = 1;
  std::optional<size_t> free;
  bool open = in == nullptr || !is_known(*in);
  // A dimension that is unknown on both sides by copying (0) cancels, so -1 can still be solved for the rest.
  int64_t in_known = 1;
  int64_t in_unknown = 0;
  if (in != nullptr) {
    for (const int64_t d : *in) {
      d == kUnknown ? ++in_unknown : (in_known *= d, 0);
    }
  }
  int64_t copied_unknown = 0;
  bool any = false;
  for (size_t i = 0; i < out.size(); ++i) {
    const int64_t d = (*wanted)[i];
    if (d == kAnyInt) {
      any = true;
      continue;
    }
    if (d == -1) {
      if (free) {
        return fail(Code::shape_mismatch, "two dimensions of {} are -1", text_of(*wanted));
      }
      free = i;
      continue;
    }
    if (d == 0 && !c.attrs<ReshapeAttrs>().allow_zero) {
      if (in == nullptr) {
        any = true;
        continue;
      }
      if (i >= in->size()) {
        return fail(Code::shape_mismatch, "dimension {} of {} has nothing to copy", i, text_of(*wanted));
      }
      out[i] = (*in)[i];
      copied_unknown += out[i] == kUnknown ? 1 : 0;
    } else {
      out[i] = d;
    }
    if (out[i] < kUnknown) {
      return fail(Code::shape_mismatch, "{} has a negative dimension", text_of(*wanted));
    }
    if (out[i] != kUnknown && __builtin_mul_overflow(known, out[i], &known)) {
      return fail(Code::shape_mismatch, "{} is too large", text_of(*wanted));
    }
  }
  const bool solvable = !any && in != nullptr && copied_unknown == in_unknown;
  if (free && solvable) {
    if (known == 0 ? in_known != 0 : in_known % known != 0) {
      return fail(Code::shape_mismatch, "{} cannot become {}", text_of(*in), text_of(*wanted));
    }
    out[*free] = known == 0 ? 0 : in_known / known;
  }
  if (!open && !free && !any && known != in_known) {
    return fail(Code::shape_mismatch, "{} cannot become {}", text_of(*in), text_of(*wanted));
  }
  // One unknown left and everything else known on the input's side: it can be solved as well.
  if (any && !open && !free && std::ranges::count(out, kUnknown) == 1 && known != 0 && in_known % known == 0) {
    std::ranges::replace(out, kUnknown, in_known / known);
  }
  if (out.size() <= 1) {
    keep_ints(c);
  }
  c.set(0, c.dtype(0), std::move(out));
  return {};
}

Result<void> squeeze(InferContext& c) {
  DSQ_TRY(require_ints(c, 1, 2));
  const Shape* in = c.shape(0);
  std::optional<Shape> out;
  if (in != nullptr && c.has(1) && c.known_ints(1) != nullptr) {
    std::vector<bool> drop(in->size(), false);
    for (const int64_t axis : *c.known_ints(1)) {
      const auto i = static_cast<size_t>(DSQ_TRY(normalize_axis(axis, static_cast<int64_t>(in->size()))));
      if ((*in)[i] != 1 && (*in)[i] != kUnknown) {
        return fail(Code::shape_mismatch, "axis {} of {} is not 1", axis, text_of(*in));
      }
      drop[i] = true;
    }
    out.emplace();
    for (size_t i = 0; i < in->size(); ++i) {
      if (!drop[i]) {
        out->push_back((*in)[i]);
      }
    }
  } else if (in != nullptr && !c.has(1) && is_known(*in)) {
    out = *in;
    std::erase(*out, 1);
  }
  if (out && out->size() <= 1) {
    keep_ints(c);
  }
  c.set(0, c.dtype(0), std::move(out));
  return {};
}

Result<void> unsqueeze(InferContext& c) {
  DSQ_TRY(require_dims(c, 1));
  const Shape* in = c.shape(0);
  std::optional<Shape> out;
  if (in != nullptr && c.known_ints(1) != nullptr) {
    const Ints& axes = *c.known_ints(1);
    const auto rank = static_cast<int64_t>(in->size() + axes.size());
    out = Shape(static_cast<size_t>(rank), 0);
    for (const int64_t axis : axes) {
      int64_t& d = (*out)[static_cast<size_t>(DSQ_TRY(normalize_axis(axis, rank)))];
      if (d == 1) {
        return fail(Code::attribute_invalid, "axis {} is given twice", axis);
      }
      d = 1;
    }
    size_t next = 0;
    for (int64_t& d : *out) {
      d = d == 1 ? 1 : (*in)[next++];
    }
  }
  if (out && out->size() <= 1) {
    keep_ints(c);
  }
  c.set(0, c.dtype(0), std::move(out));
  return {};
}

Result<void> transpose(InferContext& c) {
  const Shape* in = c.shape(0);
  const Shape& perm = c.attrs<PermAttrs>().perm;
  std::optional<Shape> out;
  if (in != nullptr) {
    out = Shape(in->rbegin(), in->rend());
    if (!perm.empty()) {
      if (!std::is_permutation(perm.begin(), perm.end(), out->begin(), out->end(), [](auto, auto) { return true; })) {
        return fail(Code::attribute_invalid, "permutation {} does not fit {}", text_of(perm), text_of(*in));
      }
      std::vector<bool> seen(in->size(), false);
      for (size_t i = 0; i < perm.size(); ++i) {
        const auto from = static_cast<size_t>(DSQ_TRY(normalize_axis(perm[i], static_cast<int64_t>(in->size()))));
        if (seen[from]) {
          return fail(Code::attribute_invalid, "{} is not a permutation", text_of(perm));
        }
        seen[from] = true;
        (*out)[i] = (*in)[from];
      }
    }
  }
  c.set(0, c.dtype(0), std::move(out));
  return {};
}

Result<void> expand(InferContext& c) {
  DSQ_TRY(require_dims(c, 1));
  const std::optional<Shape> wanted = shape_from_ints(c.ints(1));
  if (c.shape(0) == nullptr || !wanted) {
    c.set(0, c.dtype(0), std::nullopt);
    return {};
  }
  Shape out = DSQ_TRY(broadcast(*c.shape(0), *wanted));
  if (c.ints(0) != nullptr && c.ints(0)->size() == 1 && out.size() == 1 && out[0] >= 0 && out[0] <= kMaxKnownInts) {
    c.set_ints(0, Ints(static_cast<size_t>(out[0]), (*c.ints(0))[0]));
  }
  c.set(0, c.dtype(0), std::move(out));
  return {};
}

Result<void> tile(InferContext& c) {
  DSQ_TRY(require_ints(c, 1, 2));
  const Shape* in = c.shape(0);
  const Ints* repeats = c.ints(1);
  std::optional<Shape> out;
  if (in != nullptr) {
    out = Shape(in->size(), kUnknown);
    if (repeats != nullptr) {
      if (repeats->size() != in->size()) {
        return fail(Code::shape_mismatch, "{} repeats for rank {}", repeats->size(), in->size());
      }
      for (size_t i = 0; i < in->size(); ++i) {
        if ((*repeats)[i] != kAnyInt && (*in)[i] != kUnknown &&
            ((*repeats)[i] < 0 || __builtin_mul_overflow((*in)[i], (*repeats)[i], &(*out)[i]))) {
          return fail(Code::shape_mismatch, "repeat {} of a dimension of {}", (*repeats)[i], (*in)[i]);
        }
      }
    }
  }
  c.set(0, c.dtype(0), std::move(out));
  return {};
}

Result<void> shape_of(InferContext& c) {
  const Shape* in = c.shape(0);
  if (in == nullptr) {
    c.set(0, DType::i64, Shape{kUnknown});
    return {};
  }
  const auto rank = static_cast<int64_t>(in->size());
  const auto& attrs = c.attrs<ShapeAttrs>();
  const int64_t start = std::clamp<int64_t>(attrs.start < 0 ? attrs.start + rank : attrs.start, 0, rank);
  const int64_t end = std::clamp<int64_t>(attrs.end < 0 ? attrs.end + rank : attrs.end, start, rank);
  Ints dims(in->begin() + start, in->begin() + end);
  std::ranges::replace(dims, kUnknown, kAnyInt);
  c.set(0, DType::i64, Shape{end - start});
  c.set_ints(0, std::move(dims));
  return {};
}

Result<void> size_of(InferContext& c) {
  c.set(0, DType::i64, Shape{});
  if (c.shape(0) != nullptr && is_known(*c.shape(0))) {
    c.set_ints(0, {DSQ_TRY(checked_count(*c.shape(0)))});
  }
  return {};
}

Result<void> depth_to_space(InferContext& c) {
  const int64_t block = c.attrs<BlockAttrs>().block;
  std::optional<Shape> out;
  if (c.shape(0) != nullptr) {
    out = *c.shape(0);
    if (out->size() != 4 || block < 1 || block > kMaxBlock ||
        ((*out)[1] != kUnknown && (*out)[1] % (block * block) != 0)) {
      return fail(Code::shape_mismatch, "{} does not fit blocks of {}", text_of(*out), block);
    }
    (*out)[1] = (*out)[1] == kUnknown ? kUnknown : (*out)[1] / (block * block);
    (*out)[2] = (*out)[2] == kUnknown ? kUnknown : (*out)[2] * block;
    (*out)[3] = (*out)[3] == kUnknown ? kUnknown : (*out)[3] * block;
  }
  c.set(0, c.dtype(0), std::move(out));
  return {};
}

Result<void> space_to_depth(InferContext& c) {
  const int64_t block = c.attrs<BlockAttrs>().block;
  std::optional<Shape> out;
  if (c.shape(0) != nullptr) {
    out = *c.shape(0);
    if (out->size() != 4 || block < 1 || block > kMaxBlock || ((*out)[2] != kUnknown && (*out)[2] % block != 0) ||
        ((*out)[3] != kUnknown && (*out)[3] % block != 0)) {
      return fail(Code::shape_mismatch, "{} does not fit blocks of {}", text_of(*out), block);
    }
    (*out)[1] = (*out)[1] == kUnknown ? kUnknown : (*out)[1] * block * block;
    (*out)[2] = (*out)[2] == kUnknown ? kUnknown : (*out)[2] / block;
    (*out)[3] = (*out)[3] == kUnknown ? kUnknown : (*out)[3] / block;
  }
  c.set(0, c.dtype(0), std::move(out));
  return {};
}

Result<void> constant_of_shape(InferContext& c) {
  DSQ_TRY(require_dims(c, 0));
  const DType dtype = c.has(1) ? c.dtype(1) : DType::f32;
  std::optional<Shape> out = shape_from_ints(c.ints(0));
  if (!out) {
    out = unknown_of_rank(c.shape(0));
  }
  if (out) {
    for (const int64_t d : *out) {
      if (d < kUnknown) {
        return fail(Code::shape_mismatch, "{} has a negative dimension", text_of(*out));
      }
    }
  }
  const bool is_vector = out && out->size() == 1 && (*out)[0] >= 0 && (*out)[0] <= kMaxKnownInts;
  if (is_vector && dtype == DType::i64 && c.constant(1) != nullptr) {
    c.set_ints(0, Ints(static_cast<size_t>((*out)[0]), to_ints(*c.constant(1))[0]));
  }
  c.set(0, dtype, std::move(out));
  return {};
}

Result<void> range(InferContext& c) {
  Shape out{kUnknown};
  if (c.constant(0) != nullptr && c.constant(1) != nullptr && c.constant(2) != nullptr) {
    const double start = element(*c.constant(0), 0);
    const double step = element(*c.constant(2), 0);
    const double length = std::ceil((element(*c.constant(1), 0) - start) / step);
    if (step == 0 || !(length < 1e12)) {
      return fail(Code::shape_mismatch, "a range with step {} does not end", step);
    }
    out[0] = std::max<int64_t>(static_cast<int64_t>(length), 0);
  }
  c.set(0, c.dtype(0), std::move(out));
  return {};
}

Result<void> eye_like(InferContext& c) {
  c.set(0, c.attrs<EyeAttrs>().to, c.type(0).shape);
  return {};
}

Result<void> trilu(InferContext& c) {
  if (c.shape(0) != nullptr && c.shape(0)->size() < 2) {
    return fail(Code::shape_mismatch, "{} is no matrix", text_of(*c.shape(0)));
  }
  c.set(0, c.dtype(0), c.type(0).shape);
  return {};
}

}  // namespace dsq::infer
