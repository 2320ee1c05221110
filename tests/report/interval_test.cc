// Intervals against published values and values worked out by hand.
#include "src/report/interval.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

namespace dsq {
namespace {

constexpr double kZ2 = 3.841458820694124;

// Airway hyper-responsiveness before and after a transplantation: Fagerland, Lydersen and Laake, Statistics in Medicine
// 33 (2014), 2850-2875, table 6.
TEST(Interval, TangosOfPublishedData) {
  const Interval interval = paired_interval(21, 1, 7);
  EXPECT_NEAR(interval.low, -0.517, 0.0006);
  EXPECT_NEAR(interval.high, -0.026, 0.0006);
  const Interval other = paired_interval(21, 7, 1);
  EXPECT_NEAR(other.low, -interval.high, 1e-9);
  EXPECT_NEAR(other.high, -interval.low, 1e-9);
}

TEST(Interval, NoPairThatDiffersIsNoCertainty) {
  for (const int64_t n : {1, 30, 1000}) {
    const Interval interval = paired_interval(n, 0, 0);
    EXPECT_NEAR(interval.high, kZ2 / (static_cast<double>(n) + kZ2), 1e-9);
    EXPECT_NEAR(interval.low, -interval.high, 1e-9);
  }
  const Interval all = paired_interval(5, 5, 0);
  EXPECT_GT(all.low, 0);
  EXPECT_NEAR(all.high, 1, 1e-9);
}

TEST(Interval, HowManyPairsProveALimit) {
  EXPECT_EQ(pairs_to_prove(30, 0, 0, 0.003), 1277);  // z^2 / 0.003 - z^2, rounded up
  const std::optional<int64_t> some = pairs_to_prove(1000, 10, 10, 0.003);
  ASSERT_TRUE(some);
  EXPECT_NEAR(static_cast<double>(*some), kZ2 * 0.02 / (0.003 * 0.003), 200);
  EXPECT_FALSE(pairs_to_prove(1000, 10, 7, 0.003));  // what is seen is not below
}

TEST(Interval, RatiosAreMeansWhereWeightsAreOne) {
  const std::vector<SampleLoss> samples = {{0, 1, 1}, {1, 2, 1}, {2, 3, 1}, {3, 6, 1}};
  const Ratio ratio = ratio_of(samples, 0);
  EXPECT_EQ(ratio.value, 3);
  ASSERT_TRUE(ratio.interval);
  EXPECT_NEAR(ratio.interval->high - 3, 3.182 * std::sqrt(14.0 / 3 / 4), 0.03);
  const std::vector<SampleLoss> uneven = {{0, 1, 1}, {1, 30, 10}};
  EXPECT_NEAR(ratio_of(uneven, 0).value, 31.0 / 11, 1e-12);
}

TEST(Interval, NothingSeenIsNotNothing) {
  const std::vector<SampleLoss> none(30);
  const Ratio ratio = ratio_of(none, 1);
  EXPECT_EQ(ratio.value, 0);
  ASSERT_TRUE(ratio.interval);
  EXPECT_NEAR(ratio.interval->high, 0.119, 0.005);  // of pairs: 0.1135
  EXPECT_EQ(ratio_of(none, 0).interval->high, 0);
  const std::optional<int64_t> needed = samples_to_prove(none, 1, 0.003);
  ASSERT_TRUE(needed);
  EXPECT_NEAR(static_cast<double>(*needed), 1277, 10);
}

TEST(Interval, EdgesOfRatios) {
  EXPECT_FALSE(ratio_of(std::vector<SampleLoss>(1), 1).interval);
  EXPECT_EQ(ratio_of({}, 1).value, 0);
  EXPECT_EQ(ratio_of(std::vector<SampleLoss>{{0, 0, 0}}, 1).value, 0);
  EXPECT_TRUE(std::isinf(ratio_of(std::vector<SampleLoss>{{0, 2, 0}}, 1).value));
  const std::vector<SampleLoss> broken = {{0, INFINITY, 1}, {1, 0, 1}};
  EXPECT_TRUE(std::isinf(ratio_of(broken, 1).value));
  EXPECT_FALSE(ratio_of(broken, 1).interval);
  EXPECT_FALSE(samples_to_prove(broken, 1, 0.5));
}

TEST(Interval, QuantilesOfStudentsT) {
  EXPECT_NEAR(student_t(1), 12.706, 0.001);
  EXPECT_NEAR(student_t(2), 4.303, 0.001);
  EXPECT_NEAR(student_t(3), 3.182, 0.03);
  EXPECT_NEAR(student_t(10), 2.228, 0.001);
  EXPECT_NEAR(student_t(100000), 1.960, 0.001);
}

}  // namespace
}  // namespace dsq
