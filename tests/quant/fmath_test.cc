// The errors that src/quant/fmath.h states, over every 997th float.
#include "src/quant/fmath.h"

#include <bit>
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace dsq {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

// |got - exact| in steps of the float nearest to the exact value; denormal results count in the smallest normal step.
double ulps(float got, double exact) {
  const double size = std::max(std::abs(exact), static_cast<double>(std::numeric_limits<float>::min()));
  return std::abs(got - exact) / std::ldexp(1.0, std::ilogb(size) - 23);
}

struct Worst {
  double error = 0;
  float at = 0;
};

template <class Got, class Exact>
Worst worst_within(float low, float high, Got got, Exact exact) {
  Worst worst;
  for (uint64_t bits = 0; bits < (uint64_t{1} << 32); bits += 997) {
    const auto x = std::bit_cast<float>(static_cast<uint32_t>(bits));
    if (!(x >= low && x <= high)) {
      continue;
    }
    const double error = ulps(got(x), exact(static_cast<double>(x)));
    if (!(error <= worst.error)) {
      worst = {error, x};
    }
  }
  return worst;
}

TEST(FMath, Exp) {
  const Worst worst = worst_within(-87.3F, 88.7F, exp_f, [](double x) { return std::exp(x); });
  EXPECT_LE(worst.error, 2) << worst.at;
  EXPECT_GT(worst.error, 0.4);  // it was looked at
  EXPECT_EQ(exp_f(0), 1);
  EXPECT_EQ(exp_f(-88), 0);
  EXPECT_EQ(exp_f(-kInf), 0);
  EXPECT_EQ(exp_f(89), kInf);
  EXPECT_EQ(exp_f(kInf), kInf);
  EXPECT_TRUE(std::isnan(exp_f(kNan)));
}

TEST(FMath, Tanh) {
  const Worst worst = worst_within(-kInf, kInf, tanh_f, [](double x) { return std::tanh(x); });
  EXPECT_LE(worst.error, 4) << worst.at;
  EXPECT_EQ(tanh_f(kInf), 1);
  EXPECT_EQ(tanh_f(-kInf), -1);
  EXPECT_TRUE(std::isnan(tanh_f(kNan)));
}

TEST(FMath, Erf) {
  const Worst worst = worst_within(-kInf, kInf, erf_f, [](double x) { return std::erf(x); });
  EXPECT_LE(worst.error, 4) << worst.at;
  EXPECT_EQ(erf_f(kInf), 1);
  EXPECT_EQ(erf_f(-kInf), -1);
  EXPECT_TRUE(std::isnan(erf_f(kNan)));
}

TEST(FMath, OddFunctionsAreOdd) {
  for (float x = 0; x < 8; x += 0.0137F) {
    ASSERT_EQ(tanh_f(-x), -tanh_f(x));
    ASSERT_EQ(erf_f(-x), -erf_f(x));
  }
}

TEST(FMath, Sigmoid) {
  for (float x = -80; x < 80; x += 0.0137F) {
    ASSERT_NEAR(sigmoid_f(x), 1 / (1 + std::exp(-static_cast<double>(x))), 3e-7);
  }
  EXPECT_EQ(sigmoid_f(kInf), 1);
  EXPECT_EQ(sigmoid_f(-kInf), 0);
}

TEST(FMath, Gelu) {
  for (float value = -9; value < 9; value += 0.0137F) {
    const double x = value;
    ASSERT_NEAR(gelu_f(value), 0.5 * x * (1 + std::erf(x * std::sqrt(0.5))), 2e-6);
    const double inner = std::sqrt(2 / std::acos(-1.0)) * (x + 0.044715 * x * x * x);
    ASSERT_NEAR(gelu_tanh_f(value), 0.5 * x * (1 + std::tanh(inner)), 2e-6);
  }
}

}  // namespace
}  // namespace dsq
