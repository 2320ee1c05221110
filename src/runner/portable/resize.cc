// Resampling: each output coordinate reads a few source coordinates with weights, one axis after the other.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "src/ops/slice_range.h"
#include "src/runner/portable/dispatch.h"
#include "src/runner/portable/kernels.h"
#include "src/support/parallel.h"

namespace dsq::portable {
namespace {

struct Tap {
  int64_t at = 0;
  float weight = 0;
};
// The taps of every output coordinate of one axis; no taps: the extrapolation value.
using AxisTaps = std::vector<std::vector<Tap>>;

struct AxisScale {
  int64_t in = 1;
  int64_t out = 1;
  double scale = 1;
  double roi_begin = 0;
  double roi_end = 1;
};

// In binary32, as ONNX Runtime and torch compute it: whether 4 / 1.3333334 is 3 decides which pixel is the nearest.
double source_coordinate(const AxisScale& a, CoordMode mode, int64_t x) {
  const auto o = static_cast<float>(x);
  const auto scale = static_cast<float>(a.scale);
  switch (mode) {
    case CoordMode::half_pixel: return (o + 0.5F) / scale - 0.5F;
    case CoordMode::half_pixel_symmetric: {
      const double adjustment = static_cast<double>(a.out) / (static_cast<double>(a.in) * a.scale);
      return static_cast<double>(a.in) / 2 * (1 - adjustment) + (o + 0.5F) / scale - 0.5F;
    }
    case CoordMode::pytorch_half_pixel: return a.out > 1 ? (o + 0.5F) / scale - 0.5F : 0.0F;
    case CoordMode::align_corners:
      return a.out == 1 ? 0.0F : o * static_cast<float>(a.in - 1) / static_cast<float>(a.out - 1);
    case CoordMode::asymmetric: return o / scale;
    case CoordMode::tf_crop_and_resize: {
      const auto last = static_cast<double>(a.in - 1);
      return a.out > 1 ? a.roi_begin * last + o * (a.roi_end - a.roi_begin) * last / static_cast<double>(a.out - 1)
                       : 0.5 * (a.roi_begin + a.roi_end) * last;
    }
  }
  return 0;
}

double rounded(double x, NearestMode mode) {
  switch (mode) {
    case NearestMode::round_prefer_floor: return std::ceil(x - 0.5);
    case NearestMode::round_prefer_ceil: return std::floor(x + 0.5);
    case NearestMode::floor: return std::floor(x);
    case NearestMode::ceil: return std::ceil(x);
  }
  return x;
}

double triangle(double d) { return std::max(0.0, 1 - std::fabs(d)); }

// Keys' cubic convolution.
double cubic(double d, double a) {
  d = std::fabs(d);
  if (d <= 1) {
    return ((a + 2) * d - (a + 3)) * d * d + 1;
  }
  return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}

std::vector<Tap> taps_at(const AxisScale& a, const ResizeAttrs& attrs, double x) {
  if (attrs.mode == ResizeMode::nearest) {
    const double at = std::clamp(rounded(x, attrs.nearest), 0.0, static_cast<double>(a.in - 1));
    return {{static_cast<int64_t>(at), 1.0F}};
  }
  // Antialiasing widens the kernel when the picture shrinks.
  const double stretch = attrs.antialias && a.scale < 1 ? a.scale : 1.0;
  const double radius = (attrs.mode == ResizeMode::linear ? 1.0 : 2.0) / stretch;
  const auto first = static_cast<int64_t>(std::floor(x - radius)) + 1;
  const auto last = static_cast<int64_t>(std::ceil(x + radius)) - 1;
  std::vector<Tap> taps;
  double sum = 0;
  for (int64_t i = first; i <= last; ++i) {
    const double d = (static_cast<double>(i) - x) * stretch;
    const double weight = attrs.mode == ResizeMode::linear ? triangle(d) : cubic(d, attrs.cubic_a);
    if (attrs.exclude_outside && (i < 0 || i >= a.in)) {
      continue;
    }
    sum += weight;
    taps.push_back({std::clamp<int64_t>(i, 0, a.in - 1), static_cast<float>(weight)});
  }
  if ((attrs.exclude_outside || attrs.antialias) && sum != 0) {
    for (Tap& tap : taps) {
      tap.weight = static_cast<float>(tap.weight / sum);
    }
  }
  return taps;
}

AxisTaps taps_of(const AxisScale& a, const ResizeAttrs& attrs) {
  AxisTaps taps(static_cast<size_t>(a.out));
  for (int64_t o = 0; o < a.out; ++o) {
    const double x = source_coordinate(a, attrs.coord, o);
    const bool outside = attrs.coord == CoordMode::tf_crop_and_resize && (x < 0 || x > static_cast<double>(a.in - 1));
    if (!outside) {
      taps[static_cast<size_t>(o)] = taps_at(a, attrs, x);
    }
  }
  return taps;
}

Result<std::vector<AxisScale>> scales_of(const Call& call) {
  const auto& attrs = call.attrs<ResizeAttrs>();
  const Shape& in = call.input(0).shape();
  const Shape& out = call.output().shape();
  const auto rank = static_cast<int64_t>(in.size());
  std::vector<AxisScale> axes(in.size());
  for (size_t d = 0; d < in.size(); ++d) {
    axes[d] = {in[d], out[d], static_cast<double>(out[d]) / static_cast<double>(std::max<int64_t>(in[d], 1)), 0, 1};
  }
  Shape which = attrs.axes;
  if (which.empty()) {
    which.resize(in.size());
    std::iota(which.begin(), which.end(), int64_t{0});
  }
  const bool has_roi = call.has(1) && call.input(1).count() > 0;
  for (size_t i = 0; i < which.size(); ++i) {
    AxisScale& axis = axes[static_cast<size_t>(DSQ_TRY(normalize_axis(which[i], rank)))];
    if (!call.has(3) && call.has(2)) {
      axis.scale = element(call.input(2), static_cast<int64_t>(i));
      DSQ_TRY(check_corners(attrs, axis.in, axis.scale, axis.out));
    }
    if (has_roi && attrs.coord == CoordMode::tf_crop_and_resize) {
      axis.roi_begin = element(call.input(1), static_cast<int64_t>(i));
      axis.roi_end = element(call.input(1), static_cast<int64_t>(i + which.size()));
    }
    if (axis.in == 0 && axis.out != 0) {
      return fail(Code::run_failed, "nothing to resize {} from", text_of(in));
    }
  }
  return axes;
}

// One axis of a float tensor seen as outer x in x inner.
std::vector<float> resample(const std::vector<float>& from, int64_t outer, int64_t in, int64_t inner,
                            const AxisTaps& taps, float missing) {
  const auto out = static_cast<int64_t>(taps.size());
  std::vector<float> to(static_cast<size_t>(outer * out * inner));
  parallel_for(outer * out, std::max<int64_t>(1, (1 << 12) / std::max<int64_t>(inner, 1)),
               [&](int64_t begin, int64_t end) {
                 for (int64_t row = begin; row < end; ++row) {
                   const std::vector<Tap>& mine = taps[static_cast<size_t>(row % out)];
                   float* line = to.data() + row * inner;
                   std::fill_n(line, inner, mine.empty() ? missing : 0.0F);
                   for (const Tap& tap : mine) {
                     const float* source = from.data() + (row / out * in + tap.at) * inner;
                     for (int64_t i = 0; i < inner; ++i) {
                       line[i] += tap.weight * source[i];
                     }
                   }
                 }
               });
  return to;
}

Result<void> resize_nearest(const Call& call, const std::vector<AxisTaps>& taps) {
  const Shape& out = call.output().shape();
  const Shape strides = strides_of(call.input(0).shape());
  const int64_t inner = out.empty() ? 1 : out.back();
  return for_width(call, call.output().dtype(), [&]<class T>(T) -> Result<void> {
    const T* from = raw<T>(call.input(0));
    T* to = raw<T>(call.output());
    parallel_for(inner == 0 ? 0 : call.output().count() / inner,
                 std::max<int64_t>(1, (1 << 13) / std::max<int64_t>(inner, 1)), [&](int64_t begin, int64_t end) {
                   for (int64_t row = begin; row < end; ++row) {
                     int64_t rest = row;
                     int64_t base = 0;
                     for (size_t d = out.empty() ? 0 : out.size() - 1; d-- > 0;) {
                       base += taps[d][static_cast<size_t>(rest % out[d])][0].at * strides[d];
                       rest /= out[d];
                     }
                     for (int64_t i = 0; i < inner; ++i) {
                       to[row * inner + i] = from[base + (out.empty() ? 0 : taps.back()[static_cast<size_t>(i)][0].at)];
                     }
                   }
                 });
    return {};
  });
}

}  // namespace

Result<void> resize(const Call& call) {
  const auto& attrs = call.attrs<ResizeAttrs>();
  const std::vector<AxisScale> axes = DSQ_TRY(scales_of(call));
  std::vector<AxisTaps> taps;
  bool complete = true;
  for (const AxisScale& axis : axes) {
    taps.push_back(taps_of(axis, attrs));
    for (const std::vector<Tap>& each : taps.back()) {
      complete = complete && !each.empty();
    }
  }
  if (attrs.mode == ResizeMode::nearest && complete) {
    return resize_nearest(call, taps);
  }
  if (call.input(0).dtype() != DType::f32) {
    return unsupported(call, call.input(0).dtype());
  }
  const std::span<const float> in = call.input(0).values<float>();
  std::vector<float> data(in.begin(), in.end());
  Shape shape = call.input(0).shape();
  for (size_t d = shape.size(); d-- > 0;) {
    const bool unchanged =
        axes[d].in == axes[d].out && axes[d].scale == 1.0 && attrs.coord != CoordMode::tf_crop_and_resize;
    if (unchanged) {
      continue;
    }
    const int64_t inner = strides_of(shape)[d];
    const int64_t outer = count_of(std::span(shape).first(d));
    data = resample(data, outer, shape[d], inner, taps[d], attrs.extrapolation);
    shape[d] = axes[d].out;
  }
  std::ranges::copy(data, call.output().mutable_values<float>().begin());
  return {};
}

namespace {

double reflect(double x, double low, double high) {
  const double range = high - low;
  if (range <= 0) {
    return low;
  }
  const double folded = std::fmod(std::fabs(x - low), 2 * range);
  return low + (folded > range ? 2 * range - folded : folded);
}

}  // namespace

Result<void> grid_sample(const Call& call) {
  const auto& attrs = call.attrs<GridAttrs>();
  if (call.input(0).rank() != 4 || call.input(0).dtype() != DType::f32) {
    return fail(Code::op_not_runnable, "grid_sample is supported for pictures in f32 only");
  }
  const Shape& in = call.input(0).shape();
  const Shape& out = call.output().shape();
  const float* from = raw<float>(call.input(0));
  const float* grid = raw<float>(call.input(1));
  float* to = raw<float>(call.output());
  const auto pixel = [&](const float* plane, double y, double x) -> double {
    const auto place = [&](double v, int64_t size) {
      const double low = attrs.align_corners ? 0.0 : -0.5;
      const double high = static_cast<double>(size) - (attrs.align_corners ? 1.0 : 0.5);
      if (attrs.padding == GridPadding::border) {
        v = std::clamp(v, 0.0, static_cast<double>(size - 1));
      } else if (attrs.padding == GridPadding::reflection) {
        v = std::clamp(reflect(v, low, high), 0.0, static_cast<double>(size - 1));
      }
      return v;
    };
    y = place(y, in[2]);
    x = place(x, in[3]);
    const bool inside = y >= 0 && y < static_cast<double>(in[2]) && x >= 0 && x < static_cast<double>(in[3]);
    return inside ? plane[static_cast<int64_t>(y) * in[3] + static_cast<int64_t>(x)] : 0.0;
  };
  const auto denormalized = [&](double v, int64_t size) {
    const auto s = static_cast<double>(size);
    return attrs.align_corners ? (v + 1) / 2 * (s - 1) : ((v + 1) * s - 1) / 2;
  };
  const auto place = [&](double v, int64_t size) {
    if (attrs.padding == GridPadding::border) {
      return std::clamp(v, 0.0, static_cast<double>(size - 1));
    }
    return attrs.padding == GridPadding::reflection
               ? reflect(v, attrs.align_corners ? 0.0 : -0.5,
                         static_cast<double>(size) - (attrs.align_corners ? 1.0 : 0.5))
               : v;
  };
  const int64_t outputs = out[2] * out[3];
  parallel_for(in[0] * in[1], 1, [&](int64_t begin, int64_t end) {
    for (int64_t plane = begin; plane < end; ++plane) {
      const float* source = from + plane * in[2] * in[3];
      const float* points = grid + plane / in[1] * outputs * 2;
      for (int64_t o = 0; o < outputs; ++o) {
        const double x = denormalized(points[2 * o], in[3]);
        const double y = denormalized(points[2 * o + 1], in[2]);
        double sum = 0;
        if (attrs.mode == GridMode::nearest) {
          sum = pixel(source, std::nearbyint(place(y, in[2])), std::nearbyint(place(x, in[3])));
        } else {
          const bool linear = attrs.mode == GridMode::linear;
          const double px = linear ? place(x, in[3]) : x;
          const double py = linear ? place(y, in[2]) : y;
          const int radius = linear ? 1 : 2;
          for (int dy = 1 - radius; dy <= radius; ++dy) {
            for (int dx = 1 - radius; dx <= radius; ++dx) {
              const double ky = std::floor(py) + dy;
              const double kx = std::floor(px) + dx;
              const double weight =
                  linear ? triangle(ky - py) * triangle(kx - px) : cubic(ky - py, -0.75) * cubic(kx - px, -0.75);
              sum += weight == 0 ? 0 : weight * pixel(source, ky, kx);
            }
          }
        }
        to[plane * outputs + o] = static_cast<float>(sum);
      }
    }
  });
  return {};
}

}  // namespace dsq::portable
