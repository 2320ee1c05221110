// From few rows of scores to what a classifier would lose on many.
#include "src/report/close_calls.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "src/support/rng.h"

namespace dsq {
namespace {

// Two classes whose lead is spread evenly up to 8, and errors of the lead with this deviation.
ScoreRows rows_of(int64_t samples, float deviation, uint64_t seed) {
  Rng rng(seed);
  ScoreRows rows;
  for (int64_t s = 0; s < samples; ++s) {
    const float lead = static_cast<float>(rng.below(1 << 20)) / (1 << 17);
    const float error = deviation * rng.normal();
    const bool second = rng.below(2) == 0;
    for (const bool of_second : {false, true}) {
      const float score = of_second == second ? lead : 0;
      rows.reference.push_back(score);
      rows.quantized.push_back(score + (of_second == second ? error : 0));
    }
  }
  return rows;
}

double points(const ScoreRows& held_out, const ScoreRows& fitted) {
  const Result<Loss> loss = loss_of_close_calls(held_out, fitted, 2);
  EXPECT_TRUE(loss) << loss.error().what;
  return loss ? loss->points : -1;
}

TEST(CloseCalls, NothingIsLostWithoutErrors) { EXPECT_EQ(points(rows_of(16, 0, 1), rows_of(48, 0, 2)), 0.0); }

// Of leads that are spread evenly, deviation^2 / 8 is lost for each unit of their density, as long as it is small.
TEST(CloseCalls, SixtyFourSamplesSayWhatManyLose) {
  const double expected = 100 * (1.0 / 8) * 0.5 * 0.5 / 8;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const double said = points(rows_of(16, 0.5F, seed), rows_of(48, 0.5F, seed + 100));
    EXPECT_GT(said, expected / 3) << seed;
    EXPECT_LT(said, expected * 3) << seed;
  }
}

TEST(CloseCalls, ErrorsOfFittedSamplesAreTakenAsLargeAsThoseHeldOut) {
  const ScoreRows held = rows_of(16, 1, 1);
  ScoreRows fitted = rows_of(48, 1, 2);
  const double as_large = points(held, fitted);
  for (size_t i = 0; i < fitted.reference.size(); ++i) {
    fitted.quantized[i] = fitted.reference[i] + 0.01F * (fitted.quantized[i] - fitted.reference[i]);
  }
  EXPECT_GT(points(held, fitted), 0.5 * as_large);
}

TEST(CloseCalls, OneSampleIsEnough) { EXPECT_GE(points(rows_of(1, 1, 1), {}), 0.0); }

TEST(CloseCalls, NaNIsAsWrongAsCanBe) {
  ScoreRows held = rows_of(16, 0, 1);
  held.quantized.assign(held.quantized.size(), std::numeric_limits<float>::quiet_NaN());
  EXPECT_GT(points(held, {}), 10);
}

}  // namespace
}  // namespace dsq
