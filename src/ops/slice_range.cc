#include "src/ops/slice_range.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "src/support/strings.h"

namespace dsq {
namespace {
constexpr int64_t kMaxDimension = int64_t{1} << 40;
}

Result<std::vector<SliceRange>> slice_ranges(const Shape& shape, const Ints& starts, const Ints& ends, const Ints* axes,
                                             const Ints* steps) {
  std::vector<SliceRange> ranges(shape.size());
  for (size_t i = 0; i < shape.size(); ++i) {
    ranges[i].count = shape[i];
  }
  const size_t count = starts.size();
  if (ends.size() != count || (axes != nullptr && axes->size() != count) ||
      (steps != nullptr && steps->size() != count) || (axes == nullptr && count > shape.size())) {
    return fail(Code::shape_mismatch, "starts, ends, axes and steps have different lengths");
  }
  for (size_t i = 0; i < count; ++i) {
    const auto axis = static_cast<size_t>(DSQ_TRY(
        normalize_axis(axes == nullptr ? static_cast<int64_t>(i) : (*axes)[i], static_cast<int64_t>(shape.size()))));
    const int64_t size = shape[axis];
    const int64_t step = steps == nullptr ? 1 : (*steps)[i];
    if (step == 0) {
      return fail(Code::attribute_invalid, "step 0");
    }
    ranges[axis].step = step;
    if (size == kUnknown || starts[i] == kAnyInt || ends[i] == kAnyInt) {
      ranges[axis].count = kUnknown;
      // x[0:n] of an unknown dimension stays unknown, but everything (0 to "infinity") keeps what is known.
      if (starts[i] == 0 && step == 1 && ends[i] != kAnyInt && ends[i] >= std::numeric_limits<int32_t>::max()) {
        ranges[axis].count = size;
      }
      continue;
    }
    if (size == 0) {
      ranges[axis].count = 0;
      continue;
    }
    const int64_t high = step > 0 ? size : size - 1;
    // INT64_MIN + size does not wrap (size >= 0), so every bound can be clamped.
    const auto clamp = [&](int64_t v, int64_t low) { return std::clamp(v < 0 ? v + size : v, low, high); };
    const int64_t start = clamp(starts[i], 0);
    const int64_t end = clamp(ends[i], step > 0 ? 0 : -1);
    const int64_t distance = step > 0 ? end - start : start - end;
    const int64_t stride =
        step > 0 ? step : (step == std::numeric_limits<int64_t>::min() ? std::numeric_limits<int64_t>::max() : -step);
    ranges[axis].start = start;
    ranges[axis].count = distance <= 0 ? 0 : (distance - 1) / stride + 1;
  }
  return ranges;
}

Result<Ints> full_pads(int64_t rank, const Ints& pads, const Ints* axes) {
  const size_t count = axes == nullptr ? static_cast<size_t>(rank) : axes->size();
  if (pads.size() != 2 * count) {
    return fail(Code::shape_mismatch, "{} for {}", plural(pads.size(), "pad"), plural(count, "axis"));
  }
  Ints full(static_cast<size_t>(2 * rank), 0);
  for (size_t i = 0; i < count; ++i) {
    const int64_t axis = axes == nullptr ? static_cast<int64_t>(i) : DSQ_TRY(normalize_axis((*axes)[i], rank));
    for (const int64_t value : {pads[i], pads[i + count]}) {
      if (value > kMaxDimension || value < -kMaxDimension) {
        return fail(Code::attribute_invalid, "padding {} is out of range", value);
      }
    }
    full[static_cast<size_t>(axis)] = pads[i];
    full[static_cast<size_t>(axis + rank)] = pads[i + count];
  }
  return full;
}

Result<int64_t> scaled_size(int64_t size, double scale) {
  const double scaled = std::floor(static_cast<float>(size) * static_cast<float>(scale));  // as ONNX Runtime has it
  if (!(scale > 0) || !(scaled < static_cast<double>(kMaxDimension))) {
    return fail(Code::attribute_invalid, "scale {} of a dimension of {}", scale, size);
  }
  return static_cast<int64_t>(scaled);
}

Result<void> check_corners(const ResizeAttrs& attrs, int64_t size, double scale, int64_t result) {
  const double exact = static_cast<double>(size) * scale;
  if (attrs.coord == CoordMode::align_corners && size > 1 && result > 1 &&
      std::fabs(exact - std::round(exact)) > 1e-4) {
    return fail(Code::ops_unsupported,
                "scale {} makes {} of {}: what align_corners means then differs between ONNX and its runtimes", scale,
                exact, size)
        .hint("give the output's sizes instead of scales");
  }
  return {};
}

Result<int64_t> aspect_size(const Shape& shape, const Shape& axes, const Ints& sizes, AspectPolicy policy, size_t i) {
  double scale = policy == AspectPolicy::not_larger ? std::numeric_limits<double>::infinity() : 0;
  for (size_t k = 0; k < axes.size(); ++k) {
    const auto axis = static_cast<size_t>(DSQ_TRY(normalize_axis(axes[k], static_cast<int64_t>(shape.size()))));
    const double ratio = static_cast<double>(sizes[k]) / static_cast<double>(shape[axis]);
    scale = policy == AspectPolicy::not_larger ? std::min(scale, ratio) : std::max(scale, ratio);
  }
  const auto axis = static_cast<size_t>(DSQ_TRY(normalize_axis(axes[i], static_cast<int64_t>(shape.size()))));
  return scaled_size(1, std::floor(scale * static_cast<double>(shape[axis]) + 0.5));
}

}  // namespace dsq
