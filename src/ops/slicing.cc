// Shape inference of operators that cut, join, pad and resample.
#include <algorithm>
#include <numeric>
#include <utility>

#include "src/ops/infer_fns.h"
#include "src/ops/limits.h"
#include "src/ops/slice_range.h"
#include "src/support/strings.h"

namespace dsq::infer {

Result<void> concat(InferContext& c) {
  std::optional<Shape> out;
  bool all_known = true;
  for (size_t i = 0; i < c.input_count(); ++i) {
    all_known = all_known && c.shape(i) != nullptr;
    if (c.dtype(i) != c.dtype(0)) {
      return fail(Code::type_mismatch, "inputs are {} and {}", name_of(c.dtype(0)), name_of(c.dtype(i)));
    }
  }
  if (all_known) {
    out = *c.shape(0);
    const auto rank = static_cast<int64_t>(out->size());
    const auto axis = static_cast<size_t>(DSQ_TRY(normalize_axis(c.attrs<AxisAttrs>().axis, rank)));
    for (size_t i = 1; i < c.input_count(); ++i) {
      const Shape& next = *c.shape(i);
      if (next.size() != out->size()) {
        return fail(Code::shape_mismatch, "{} and {} have different ranks", text_of(*out), text_of(next));
      }
      for (size_t d = 0; d < next.size(); ++d) {
        int64_t& size = (*out)[d];
        if (d == axis) {
          size = size == kUnknown || next[d] == kUnknown ? kUnknown : size + next[d];
        } else if (size == kUnknown) {
          size = next[d];
        } else if (next[d] != kUnknown && next[d] != size) {
          return fail(Code::shape_mismatch, "{} and {} differ outside axis {}", text_of(*c.shape(0)), text_of(next),
                      axis);
        }
      }
    }
    Ints joined;
    bool known = out->size() == 1;
    for (size_t i = 0; known && i < c.input_count(); ++i) {
      known = c.ints(i) != nullptr && static_cast<int64_t>(joined.size()) <= kMaxKnownInts;
      if (known) {
        joined.insert(joined.end(), c.ints(i)->begin(), c.ints(i)->end());
      }
    }
    if (known) {
      c.set_ints(0, std::move(joined));
    }
  }
  c.set(0, c.dtype(0), std::move(out));
  return {};
}

Result<void> split(InferContext& c) {
  DSQ_TRY(require_ints(c, 1, 2));
  const Shape* in = c.shape(0);
  const auto parts = static_cast<int64_t>(c.output_count());
  if (in == nullptr) {
    for (size_t i = 0; i < c.output_count(); ++i) {
      c.set(i, c.dtype(0), std::nullopt);
    }
    return {};
  }
  const auto axis =
      static_cast<size_t>(DSQ_TRY(normalize_axis(c.attrs<AxisAttrs>().axis, static_cast<int64_t>(in->size()))));
  const int64_t size = (*in)[axis];
  const Ints* sizes = c.known_ints(1);
  if (sizes != nullptr && std::ranges::any_of(*sizes, [](int64_t part) { return part < 0; })) {
    return fail(Code::shape_mismatch, "parts {} hold a negative one", text_of(*sizes));
  }
  if (sizes != nullptr && (static_cast<int64_t>(sizes->size()) != parts ||
                           (size != kUnknown && std::accumulate(sizes->begin(), sizes->end(), int64_t{0}) != size))) {
    return fail(Code::shape_mismatch, "parts {} do not make up {}", text_of(*sizes), size);
  }
  const int64_t chunk = size == kUnknown ? kUnknown : (size + parts - 1) / parts;
  for (int64_t i = 0; i < parts; ++i) {
    Shape out = *in;
    if (sizes != nullptr) {
      out[axis] = (*sizes)[static_cast<size_t>(i)];
    } else if (c.has(1) || size == kUnknown) {
      out[axis] = kUnknown;
    } else {
      out[axis] = std::max<int64_t>(std::min(chunk, size - i * chunk), 0);  // the last part may be smaller
    }
    c.set(static_cast<size_t>(i), c.dtype(0), std::move(out));
  }
  return {};
}

Result<void> slice(InferContext& c) {
  DSQ_TRY(require_ints(c, 1, 5));
  const Shape* in = c.shape(0);
  if (in == nullptr) {
    c.set(0, c.dtype(0), std::nullopt);
    return {};
  }
  Shape out(in->size(), kUnknown);
  const bool known = c.ints(1) != nullptr && c.ints(2) != nullptr && (!c.has(3) || c.known_ints(3) != nullptr) &&
                     (!c.has(4) || c.known_ints(4) != nullptr);
  if (known) {
    const std::vector<SliceRange> ranges =
        DSQ_TRY(slice_ranges(*in, *c.ints(1), *c.ints(2), c.known_ints(3), c.known_ints(4)));
    for (size_t i = 0; i < out.size(); ++i) {
      out[i] = ranges[i].count;
    }
    if (c.ints(0) != nullptr && in->size() == 1 && ranges[0].count != kUnknown) {
      Ints cut;
      for (int64_t i = 0; i < ranges[0].count; ++i) {
        cut.push_back((*c.ints(0))[static_cast<size_t>(ranges[0].start + i * ranges[0].step)]);
      }
      c.set_ints(0, std::move(cut));
    }
  }
  c.set(0, c.dtype(0), std::move(out));
  return {};
}

Result<void> pad(InferContext& c) {
  DSQ_TRY(require_ints(c, 1, 2));
  const Shape* in = c.shape(0);
  std::optional<Shape> out;
  if (in != nullptr) {
    out = Shape(in->size(), kUnknown);
    const Ints* pads = c.known_ints(1);
    const Ints* axes = c.known_ints(3);
    if (pads != nullptr && (!c.has(3) || axes != nullptr)) {
      const Ints full = DSQ_TRY(full_pads(static_cast<int64_t>(in->size()), *pads, axes));
      for (size_t i = 0; i < in->size(); ++i) {
        if ((*in)[i] == kUnknown) {
          continue;
        }
        (*out)[i] = (*in)[i] + full[i] + full[i + in->size()];
        const int64_t widest = std::max(full[i], full[i + in->size()]);
        if (c.attrs<PadAttrs>().mode == PadMode::reflect && widest > 0 && widest >= (*in)[i]) {
          return fail(Code::shape_mismatch, "a dimension of {} cannot be reflected {} deep", (*in)[i], widest);
        }
        if ((*out)[i] < 0) {
          return fail(Code::shape_mismatch, "padding {} of {} leaves nothing", text_of(*pads), text_of(*in));
        }
      }
    }
  }
  c.set(0, c.dtype(0), std::move(out));
  return {};
}

Result<void> resize(InferContext& c) {  // x, roi, scales, sizes
  const Shape* in = c.shape(0);
  const auto& attrs = c.attrs<ResizeAttrs>();
  std::optional<Shape> out;
  if (in != nullptr) {
    out = *in;
    Shape axes = attrs.axes;
    if (axes.empty()) {
      axes.resize(in->size());
      std::iota(axes.begin(), axes.end(), 0);
    }
    const bool by_sizes = c.has(3);
    const Ints* sizes = c.ints(3);
    const Tensor* scales = c.constant(2);
    const size_t given = by_sizes ? (sizes == nullptr ? axes.size() : sizes->size())
                                  : (scales == nullptr ? axes.size() : static_cast<size_t>(scales->count()));
    if (given != axes.size()) {
      return fail(Code::shape_mismatch, "{} for {}", plural(given, by_sizes ? "size" : "scale"),
                  plural(axes.size(), "axis"));
    }
    for (size_t i = 0; i < axes.size(); ++i) {
      const auto axis = static_cast<size_t>(DSQ_TRY(normalize_axis(axes[i], static_cast<int64_t>(in->size()))));
      int64_t& d = (*out)[axis];
      if (by_sizes && attrs.aspect == AspectPolicy::stretch) {
        d = sizes == nullptr || (*sizes)[i] == kAnyInt ? kUnknown : (*sizes)[i];
      } else if (by_sizes) {
        d = kUnknown;
        if (c.known_ints(3) != nullptr && is_known(*in)) {
          d = DSQ_TRY(aspect_size(*in, axes, *sizes, attrs.aspect, i));
        }
      } else if (scales == nullptr) {
        d = kUnknown;
      } else if (d != kUnknown) {
        const double scale = element(*scales, static_cast<int64_t>(i));
        const int64_t before = std::exchange(d, DSQ_TRY(scaled_size(d, scale)));
        DSQ_TRY(check_corners(attrs, before, scale, d));
      }
      if (d < kUnknown) {
        return fail(Code::shape_mismatch, "axis {} would have size {}", axis, d);
      }
    }
  }
  c.set(0, c.dtype(0), std::move(out));
  return {};
}

Result<void> grid_sample(InferContext& c) {
  const Shape* x = c.shape(0);
  const Shape* grid = c.shape(1);
  std::optional<Shape> out;
  if (x != nullptr && grid != nullptr) {
    if (x->size() < 3 || grid->size() != x->size()) {
      return fail(Code::shape_mismatch, "input {} and grid {} do not fit", text_of(*x), text_of(*grid));
    }
    out = Shape{(*x)[0], (*x)[1]};
    out->insert(out->end(), grid->begin() + 1, grid->end() - 1);
  }
  c.set(0, c.dtype(0), std::move(out));
  return {};
}

Result<void> roi_align(InferContext& c) {  // x, regions, the picture that each lies in
  constexpr int64_t kMostSamples = 64;
  const auto& attrs = c.attrs<RoiAttrs>();
  const Shape* x = c.shape(0);
  const Shape* regions = c.shape(1);
  if (attrs.height < 1 || attrs.width < 1 || attrs.sampling < 0 || attrs.sampling > kMostSamples) {
    return fail(Code::attribute_invalid, "{} x {} bins with {}", attrs.height, attrs.width,
                plural(attrs.sampling, "sample"));
  }
  if (x != nullptr && x->size() != 4) {
    return fail(Code::shape_mismatch, "pictures of rank 4 expected, not {}", text_of(*x));
  }
  const int64_t count = regions == nullptr ? kUnknown : (*regions)[0];
  c.set(0, c.dtype(0), Shape{count, x == nullptr ? kUnknown : (*x)[1], attrs.height, attrs.width});
  return {};
}

}  // namespace dsq::infer
