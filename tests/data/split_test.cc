// Which samples are kept apart.
#include "src/data/split.h"

#include <algorithm>
#include <numeric>
#include <set>

#include <gtest/gtest.h>

namespace dsq {
namespace {

// Samples of one number each.
Dataset samples(const std::vector<float>& values, int64_t batch = kUnknown) {
  Graph graph;
  graph.add_input("x", {DType::f32, Shape{batch, 1}});
  Diagnostics diagnostics;
  const Shape shape{static_cast<int64_t>(values.size()), 1};
  Result<Dataset> data = Dataset::make(graph, {{"x", Tensor::of<float>(shape, std::span(values))}}, diagnostics);
  EXPECT_TRUE(data);
  return *data;
}

std::vector<float> numbers(size_t count) {
  std::vector<float> values(count);
  std::iota(values.begin(), values.end(), 0.0F);
  return values;
}

TEST(Split, PartsAShareThatDependsOnTheSeedAlone) {
  const Dataset data = samples(numbers(100));
  const Result<Split> split = split_samples(data, 0.2, 1);
  ASSERT_TRUE(split);
  EXPECT_EQ(split->evaluation.size(), 20U);
  EXPECT_EQ(split->calibration.size(), 80U);
  std::set<int64_t> all(split->calibration.begin(), split->calibration.end());
  all.insert(split->evaluation.begin(), split->evaluation.end());
  EXPECT_EQ(all.size(), 100U);
  EXPECT_TRUE(std::ranges::is_sorted(split->evaluation));
  EXPECT_EQ(split_samples(data, 0.2, 1)->evaluation, split->evaluation);
  EXPECT_NE(split_samples(data, 0.2, 2)->evaluation, split->evaluation);
}

TEST(Split, KeepsCopiesOnOneSide) {
  std::vector<float> values = numbers(60);
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<float>(i % 20);  // each three times
  }
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const Result<Split> split = split_samples(samples(values), 0.3, seed);
    ASSERT_TRUE(split);
    std::set<int64_t> kept;
    for (const int64_t sample : split->evaluation) {
      kept.insert(sample % 20);
    }
    EXPECT_EQ(split->evaluation.size(), 18U);
    for (const int64_t sample : split->calibration) {
      EXPECT_FALSE(kept.contains(sample % 20)) << "seed " << seed;
    }
  }
}

TEST(Split, GivesWholeBatchesOfAFixedSize) {
  const Result<Split> split = split_samples(samples(numbers(24), 4), 0.2, 3);
  ASSERT_TRUE(split);
  EXPECT_EQ(split->evaluation.size(), 4U);
  EXPECT_EQ(split->calibration.size(), 20U);
  EXPECT_EQ(split->unused, 0);
}

TEST(Split, SaysWhyItCannot) {
  EXPECT_TRUE(split_samples(samples(numbers(3)), 0.2, 0)->evaluation.empty());
  EXPECT_TRUE(split_samples(samples(numbers(4), 4), 0.2, 0)->evaluation.empty());
  const Result<Split> copies = split_samples(samples(std::vector<float>(9, 1.0F)), 0.2, 0);
  ASSERT_TRUE(copies);
  EXPECT_NE(copies->reason, "");
}

}  // namespace
}  // namespace dsq
