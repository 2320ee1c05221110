// The arithmetic of quantization at its edges: ties, clamps, extremes.
#include "src/quant/math.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "src/support/rng.h"

namespace dsq {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();

TEST(QuantMath, TiesGoToEven) {
  EXPECT_EQ(requantize(1, 0.5F, 0, -128, 127), 0);
  EXPECT_EQ(requantize(3, 0.5F, 0, -128, 127), 2);
  EXPECT_EQ(requantize(5, 0.5F, 0, -128, 127), 2);
  EXPECT_EQ(requantize(-1, 0.5F, 0, -128, 127), 0);
  EXPECT_EQ(requantize(-3, 0.5F, 0, -128, 127), -2);
  EXPECT_EQ(requantize(4, 1, 0.5F, 0, 255), 4);
  EXPECT_EQ(requantize(5, 1, 0.5F, 0, 255), 6);
}

TEST(QuantMath, Clamps) {
  EXPECT_EQ(requantize(1000, 1, 0, 0, 255), 255);
  EXPECT_EQ(requantize(-1000, 1, 0, 0, 255), 0);
  EXPECT_EQ(requantize(std::numeric_limits<int32_t>::max(), 1, 0, -128, 127), 127);
  EXPECT_EQ(requantize(std::numeric_limits<int32_t>::min(), 1e30F, 0, -128, 127), -128);
  EXPECT_EQ(saturate(kInf, 0, 15), 15);
  EXPECT_EQ(saturate(-kInf, 0, 15), 0);
  EXPECT_EQ(saturate(std::numeric_limits<float>::quiet_NaN(), -7, 15), -7);
  EXPECT_EQ(saturate(15.5F, 0, 15), 15);
  EXPECT_EQ(saturate(14.5F, 0, 15), 14);
}

TEST(QuantMath, QuantizeIsThatOfOnnx) {
  EXPECT_EQ(quantize(0.5F, 1, 3, 0, 255), 3);  // ties before the zero point is added
  EXPECT_EQ(quantize(1.5F, 1, 3, 0, 255), 5);
  EXPECT_EQ(quantize(-10, 1, 3, 0, 255), 0);
  EXPECT_EQ(quantize(1e30F, 1e-3F, 3, 0, 255), 255);
  EXPECT_EQ(dequantize(5, 0.5F, 3), 1);
  for (int q = 0; q < 256; ++q) {
    EXPECT_EQ(quantize(dequantize(q, 0.1F, 77), 0.1F, 77, 0, 255), q);
  }
}

TEST(QuantMath, RoundEvenIsNearbyint) {
  Rng rng(3);
  for (int i = 0; i < 200000; ++i) {
    const float v = rng.uniform(-1.0F, 1.0F) * std::ldexp(1.0F, static_cast<int>(rng.below(23)));
    ASSERT_EQ(round_even(v), std::nearbyint(v)) << v;
  }
  for (int i = -4096; i < 4096; ++i) {
    const float v = static_cast<float>(i) + 0.5F;
    ASSERT_EQ(round_even(v), std::nearbyint(v)) << v;
  }
}

TEST(QuantMath, NearestLevel) {
  const int8_t levels[16] = {-127, -80, -60, -40, -30, -20, -10, -5, 0, 5, 10, 20, 40, 60, 90, 127};
  EXPECT_EQ(nearest_level(-1000, levels), 0);
  EXPECT_EQ(nearest_level(1000, levels), 15);
  EXPECT_EQ(nearest_level(2.5F, levels), 8);  // a tie: the lower one
  EXPECT_EQ(nearest_level(2.6F, levels), 9);
  for (int i = 0; i < 16; ++i) {
    EXPECT_EQ(nearest_level(levels[i], levels), i);
  }
}

TEST(QuantMath, SymmetricScale) {
  EXPECT_EQ(symmetric_scale(254, 127), 2);
  EXPECT_EQ(symmetric_scale(0, 127), 1);
  EXPECT_EQ(symmetric_scale(1e-35F, 7), 1);
}

}  // namespace
}  // namespace dsq
