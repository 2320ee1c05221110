#include "src/quant/range.h"

#include <algorithm>
#include <limits>

#include "src/quant/math.h"

namespace dsq {
namespace {

constexpr int32_t kCoarse = 32;  // up to this many steps the histogram resolves single steps

// The squared error of all counted values. With few steps each bin's own rounding counts; with many, bins are wider
// than steps, and rounding costs scale^2 / 12 on average (uniform noise).
double error_of(const ChannelStats& stats, const Range& range, int32_t steps) {
  const ScaleZero p = affine_range(range.low, range.high, steps);
  const float low = dequantize(0, p.scale, p.zero);
  const float high = dequantize(steps, p.scale, p.zero);
  const double noise = static_cast<double>(p.scale) * p.scale / 12;
  double error = 0;
  for (size_t i = 0; i < stats.bins.size(); ++i) {
    if (stats.bins[i] == 0) {
      continue;
    }
    const float x = stats.middle(i);
    double each = noise;
    if (x < low || x > high || steps <= kCoarse) {
      const double difference =
          static_cast<double>(x) - dequantize(quantize(x, p.scale, p.zero, 0, steps), p.scale, p.zero);
      each = difference * difference;
    }
    error += static_cast<double>(stats.bins[i]) * each;
  }
  return error;
}

}  // namespace

Range choose_range(const ChannelStats& stats, int32_t steps) {
  const Range all{std::min(stats.low, 0.0F), std::max(stats.high, 0.0F)};
  if (!stats.varies()) {
    return all;
  }
  Range best = all;
  double least = std::numeric_limits<double>::infinity();
  const auto consider = [&](const Range& range) {
    const double error = error_of(stats, range, steps);
    if (error < least) {
      least = error;
      best = range;
    }
  };
  constexpr int kTries = 48;
  for (int i = kTries; i > kTries / 6; --i) {
    const float share = static_cast<float>(i) / kTries;
    consider({all.low * share, all.high * share});
  }
  const Range both = best;
  for (int i = kTries; i > 0; --i) {
    const float share = static_cast<float>(i) / kTries;
    consider({all.low * share, both.high});
  }
  const Range cut = best;
  for (int i = kTries; i > 0; --i) {
    const float share = static_cast<float>(i) / kTries;
    consider({cut.low, all.high * share});
  }
  return best;
}

}  // namespace dsq
