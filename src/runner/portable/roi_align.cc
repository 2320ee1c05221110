// The mean of bilinear samples in the bins of regions. Samples lie on a grid, so the weights of rows and columns are
// independent: each bin is a weighted sum over a rectangle of pixels.
#include <algorithm>
#include <cmath>
#include <vector>

#include "src/runner/portable/dispatch.h"
#include "src/runner/portable/kernels.h"
#include "src/support/parallel.h"

namespace dsq::portable {
namespace {

// The pixels first, first + 1, ... of one axis and what each counts in a bin.
struct Weights {
  int64_t first = 0;
  std::vector<double> of;
};

struct Axis {
  double start = 0;  // of the region, in pixels
  double length = 0;
  int64_t bins = 1;
  int64_t pixels = 0;
};

// Samples that lie more than a pixel outside count nothing; those at the border count for the border's pixel.
Weights weights_of(const Axis& axis, int64_t bin, int64_t sampling) {
  const double extent = axis.length / static_cast<double>(axis.bins);
  const double samples = sampling > 0 ? static_cast<double>(sampling) : std::ceil(extent);
  const double step = extent / samples;
  const double start = axis.start + extent * static_cast<double>(bin) + step / 2;
  constexpr double kCountable = 1LL << 50;
  if (!(samples >= 1 && samples <= kCountable) || !std::isfinite(step) || !std::isfinite(start) || axis.pixels == 0) {
    return {};
  }
  const double last = static_cast<double>(axis.pixels) - 1;
  // Of a region that is much larger than the picture only the samples that may lie inside are looked at.
  const double low = step > 0 ? std::clamp(std::floor((-1 - start) / step), 0.0, samples) : 0.0;
  const double high = step > 0 ? std::clamp(std::ceil((last + 1 - start) / step) + 1, low, samples) : samples;
  const auto inside = [&](double i) { return std::abs(start + step * i - last / 2) <= last / 2 + 1; };
  const auto pixel = [&](double i) { return std::clamp(start + step * i, 0.0, last); };
  Weights weights;
  bool any = false;
  for (double i = low; i < high; ++i) {
    any = any || inside(i);
  }
  if (!any) {
    return weights;
  }
  const auto [least, most] = std::minmax({pixel(low), pixel(high - 1)});
  weights.first = static_cast<int64_t>(least);
  weights.of.resize(static_cast<size_t>(std::ceil(most)) - static_cast<size_t>(least) + 1);
  for (double i = low; i < high; ++i) {
    if (inside(i)) {
      const double rest = pixel(i) - std::floor(pixel(i));
      const auto at = static_cast<size_t>(static_cast<int64_t>(pixel(i)) - weights.first);
      weights.of[at] += (1 - rest) / samples;
      if (rest > 0) {
        weights.of[at + 1] += rest / samples;
      }
    }
  }
  return weights;
}

std::vector<Weights> weights_of(const Axis& axis, int64_t sampling) {
  std::vector<Weights> bins;
  for (int64_t bin = 0; bin < axis.bins; ++bin) {
    bins.push_back(weights_of(axis, bin, sampling));
  }
  return bins;
}

double weighted(const float* plane, int64_t width, const Weights& rows, const Weights& columns) {
  double sum = 0;
  for (size_t y = 0; y < rows.of.size(); ++y) {
    const float* row = plane + (rows.first + static_cast<int64_t>(y)) * width + columns.first;
    double line = 0;
    for (size_t x = 0; x < columns.of.size(); ++x) {
      line += columns.of[x] * row[x];
    }
    sum += rows.of[y] * line;
  }
  return sum;
}

}  // namespace

Result<void> roi_align(const Call& call) {  // x, regions, the picture that each lies in
  const auto& attrs = call.attrs<RoiAttrs>();
  const Shape& in = call.input(0).shape();
  const Shape& regions = call.input(1).shape();
  if (call.input(0).dtype() != DType::f32) {
    return fail(Code::op_not_runnable, "roi_align is supported in f32 only");
  }
  const std::vector<int64_t> pictures = to_ints(call.input(2));
  for (const int64_t picture : pictures) {
    if (picture < 0 || picture >= in[0]) {
      return fail(Code::run_failed, "a region of picture {} of {}", picture, in[0]);
    }
  }
  const float* from = raw<float>(call.input(0));
  const float* corners = raw<float>(call.input(1));
  float* to = raw<float>(call.output());
  const auto axis = [&](double low, double high, int64_t bins, int64_t pixels) -> Axis {
    const double start = low * attrs.scale - (attrs.half_pixel ? 0.5 : 0.0);
    const double length = (high - low) * attrs.scale;
    return {start, attrs.half_pixel ? length : std::max(length, 1.0), bins, pixels};
  };
  parallel_for(regions[0], 1, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const float* c = corners + 4 * r;  // left, top, right, bottom
      const std::vector<Weights> rows = weights_of(axis(c[1], c[3], attrs.height, in[2]), attrs.sampling);
      const std::vector<Weights> columns = weights_of(axis(c[0], c[2], attrs.width, in[3]), attrs.sampling);
      float* out = to + r * in[1] * attrs.height * attrs.width;
      for (int64_t channel = 0; channel < in[1]; ++channel) {
        const float* plane = from + (pictures[static_cast<size_t>(r)] * in[1] + channel) * in[2] * in[3];
        for (const Weights& row : rows) {
          for (const Weights& column : columns) {
            *out++ = static_cast<float>(weighted(plane, in[3], row, column));
          }
        }
      }
    }
  });
  return {};
}

}  // namespace dsq::portable
