// Ranges worked out by hand, and what the search promises on histograms.
#include "src/quant/range.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "src/quant/math.h"

namespace dsq {
namespace {

ChannelStats flat(float low, float high, uint32_t each = 10) {
  ChannelStats stats;
  widen(stats, low, high);
  std::ranges::fill(stats.bins, each);
  return stats;
}

// The squared error of the bins' centres, in double, without anything of the search.
double error_of(const ChannelStats& stats, const Range& range, int steps) {
  const ScaleZero p = affine_range(range.low, range.high, steps);
  double error = 0;
  for (size_t i = 0; i < stats.bins.size(); ++i) {
    const double x = std::clamp((stats.first + static_cast<double>(i) + 0.5) * std::ldexp(1.0, stats.exponent),
                                static_cast<double>(stats.low), static_cast<double>(stats.high));
    const double level = std::clamp(std::nearbyint(x / p.scale) + p.zero, 0.0, static_cast<double>(steps));
    error += stats.bins[i] * std::pow((level - p.zero) * p.scale - x, 2);
  }
  return error;
}

TEST(Range, AffineByHand) {
  const ScaleZero both = affine_range(-1, 2, 15);
  EXPECT_FLOAT_EQ(both.scale, 0.2F);
  EXPECT_EQ(both.zero, 5);
  EXPECT_EQ(affine_range(1, 3, 15).scale, 0.2F);  // widened to hold zero
  EXPECT_EQ(affine_range(1, 3, 15).zero, 0);
  EXPECT_EQ(affine_range(-3, -1, 15).zero, 15);
  EXPECT_EQ(affine_range(0, 0, 255).scale, 1);
  EXPECT_EQ(affine_range(0, 1e-30F, 255).scale, 1);
  EXPECT_EQ(affine_range(-1, 1, 255).zero, 127);  // 127.5 but for the scale, which is rounded up
}

TEST(Range, OfOneValueTheExtremes) {
  const Range one = choose_range(flat(2, 2), 15);
  EXPECT_EQ(one.low, 0);
  EXPECT_EQ(one.high, 2);
  const Range negative = choose_range(flat(-3, -3), 255);
  EXPECT_EQ(negative.low, -3);
  EXPECT_EQ(negative.high, 0);
}

TEST(Range, EvenValuesKeepTheirRange) {
  const Range wide = choose_range(flat(-1, 1), 255);
  EXPECT_EQ(wide.low, -1);
  EXPECT_EQ(wide.high, 1);
  const Range narrow = choose_range(flat(0, 1), 15);
  EXPECT_EQ(narrow.low, 0);
  EXPECT_GT(narrow.high, 0.9F);  // half a step may go
  EXPECT_LE(narrow.high, 1);
}

TEST(Range, AnOutlierIsClippedAtFourBits) {
  ChannelStats stats = flat(0, 64, 0);
  for (int i = 0; i < 4; ++i) {
    stats.bins[static_cast<size_t>(i)] = 10000;  // up to 2 in bins of a half
  }
  stats.bins.back() = 1;  // 64, once
  const Range range = choose_range(stats, 15);
  EXPECT_LT(range.high, 40);
  EXPECT_LT(error_of(stats, range, 15), 0.5 * error_of(stats, {0, 64}, 15));
}

TEST(Range, NeverWorseThanTheExtremesAndWithinThem) {
  for (int shape = 1; shape <= 40; ++shape) {
    ChannelStats stats = flat(-2, 1, 0);
    for (size_t i = 0; i < stats.bins.size(); ++i) {
      const double x = (static_cast<double>(i) - 60 - shape) / (4.0 + shape);
      stats.bins[i] = static_cast<uint32_t>(1e6 * std::exp(-x * x / 2));
    }
    stats.bins.front() = stats.bins.back() = 1;
    const Range range = choose_range(stats, 15);
    EXPECT_LE(error_of(stats, range, 15), error_of(stats, {-2, 1}, 15) * (1 + 1e-5)) << shape;
    EXPECT_GE(range.low, -2);
    EXPECT_LE(range.high, 1);
    EXPECT_LE(range.low, 0);
    EXPECT_GE(range.high, 0);
  }
}

TEST(Range, MoreOutliersWidenIt) {
  float last = 0;
  for (const uint32_t far : {1U, 10U, 100U, 1000U, 10000U, 100000U}) {
    ChannelStats stats = flat(0, 64, 0);
    for (int i = 0; i < 4; ++i) {
      stats.bins[static_cast<size_t>(i)] = 10000;
    }
    stats.bins.back() = far;
    const float high = choose_range(stats, 15).high;
    EXPECT_GE(high, last) << far;
    last = high;
  }
  EXPECT_GT(last, 60);
}

TEST(Range, ScalesWithTheValues) {
  ChannelStats stats = flat(-1, 3);
  stats.bins[100] = 5000;
  const Range once = choose_range(stats, 15);
  stats.low *= 4;
  stats.high *= 4;
  stats.exponent += 2;
  const Range four = choose_range(stats, 15);
  EXPECT_EQ(four.low, 4 * once.low);
  EXPECT_EQ(four.high, 4 * once.high);
}

}  // namespace
}  // namespace dsq
