// What calibration counts does not depend on how the data are cut or ordered.
#include "calibration/observer.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <gtest/gtest.h>

#include "src/support/rng.h"

namespace dsq {
namespace {

std::vector<Tensor> batches() {
  std::vector<Tensor> out;
  Rng rng(1);
  for (int64_t b = 0; b < 7; ++b) {
    Tensor tensor(DType::f32, {1 + b % 3, 4, 5});
    for (float& value : tensor.mutable_values<float>()) {
      value = rng.uniform(-1.0F, static_cast<float>(b + 1));
    }
    out.push_back(std::move(tensor));
  }
  return out;
}

ValueStats pass_over(const std::vector<Tensor>& data, int32_t axis) {
  ValueStats stats{axis, 0, {}};
  for (const Tensor& each : data) {
    EXPECT_TRUE(observe(stats, each));
  }
  return stats;
}

TEST(Observer, ByHand) {
  ValueStats stats{1, 0, {}};
  ASSERT_TRUE(observe(stats, Tensor::of<float>({2, 2, 2}, {0, 1, 5, 5, 0.25F, 2, 5, 5})));
  ASSERT_EQ(stats.channels.size(), 2U);
  EXPECT_EQ(stats.count, 4);
  const ChannelStats& channel = stats.channels[0];
  EXPECT_EQ(channel.low, 0);
  EXPECT_EQ(channel.high, 2);
  EXPECT_EQ(channel.exponent, -6);  // with bins half as wide there would be 257
  EXPECT_EQ(channel.first, 0);
  ASSERT_EQ(channel.bins.size(), 129U);
  EXPECT_EQ(channel.bins[0], 1U);
  EXPECT_EQ(channel.bins[16], 1U);  // 0.25
  EXPECT_EQ(channel.bins[64], 1U);
  EXPECT_EQ(channel.bins[128], 1U);  // the highest value is within
  EXPECT_EQ(stats.channels[1].low, 5);
  EXPECT_FALSE(stats.channels[1].varies());
  EXPECT_EQ(stats.channels[1].bins, std::vector<uint64_t>{4});

  ASSERT_TRUE(observe(stats, Tensor::of<float>({1, 2, 1}, {-5, 5})));  // 129 bins and 320 more would be too many
  EXPECT_EQ(channel.exponent, -5);
  EXPECT_EQ(channel.first, -160);
  EXPECT_EQ(channel.bins.front(), 1U);
  EXPECT_EQ(channel.bins[160], 1U);
  EXPECT_EQ(channel.bins[168], 1U);
}

TEST(Observer, OrderDoesNotMatter) {
  for (const int32_t axis : {-1, 0, 1, 2}) {
    std::vector<Tensor> data = batches();
    if (axis == 0) {
      std::erase_if(data, [](const Tensor& t) { return t.shape()[0] != 2; });
    }
    const ValueStats forward = pass_over(data, axis);
    std::ranges::reverse(data);
    EXPECT_EQ(forward, pass_over(data, axis));
    std::rotate(data.begin(), data.begin() + 1, data.end());
    EXPECT_EQ(forward, pass_over(data, axis));
  }
}

TEST(Observer, EveryValueIsCounted) {
  const ValueStats stats = pass_over(batches(), 1);
  for (const ChannelStats& channel : stats.channels) {
    EXPECT_EQ(std::accumulate(channel.bins.begin(), channel.bins.end(), int64_t{0}), stats.count);
  }
}

TEST(Observer, MergingIsOnePass) {
  const std::vector<Tensor> data = batches();
  for (const int32_t axis : {-1, 1}) {
    const ValueStats whole = pass_over(data, axis);
    for (const std::vector<size_t>& order : {std::vector<size_t>{0, 1, 2, 3}, {3, 1, 0, 2}, {2, 3, 1, 0}}) {
      std::vector<ValueStats> parts(4, {axis, 0, {}});  // the last one sees nothing
      for (size_t i = 0; i < data.size(); ++i) {
        ASSERT_TRUE(observe(parts[i % 3], data[i]));
      }
      ValueStats merged{axis, 0, {}};
      for (const size_t part : order) {
        ASSERT_TRUE(merge(merged, parts[part]));
      }
      EXPECT_EQ(whole, merged);
    }
  }
}

// Any floats, cut anywhere: from the smallest to the largest that there are, zeros of both signs among them.
TEST(Observer, AnyValuesMerge) {
  Rng rng(3);
  for (int round = 0; round < 300; ++round) {
    const int spread = static_cast<int>(rng.below(140));
    const int middle = static_cast<int>(rng.below(250)) - 149;
    std::vector<float> values;
    for (int i = 0; i < 40; ++i) {
      const int exponent = std::clamp(middle + static_cast<int>(rng.below(spread + 1)), -149, 127);
      const float value = std::ldexp(rng.uniform(-1, 1), exponent);
      values.push_back(i % 9 == 0 ? std::copysign(0.0F, value) : value);
    }
    ChannelStats whole;
    widen(whole, *std::ranges::min_element(values), *std::ranges::max_element(values));
    for (const float value : values) {
      count_value(whole, value);
    }
    ASSERT_TRUE(is_sound(whole)) << round;
    ASSERT_LE(whole.bins.size(), static_cast<size_t>(kStatsBins));
    const auto cut = static_cast<std::ptrdiff_t>(1 + rng.below(38));
    ValueStats a{-1, 0, {}};
    ValueStats b{-1, 0, {}};
    ASSERT_TRUE(observe(a, Tensor::of<float>({cut}, std::span<const float>(values).first(cut))));
    for (auto i = static_cast<size_t>(cut); i < values.size(); ++i) {
      ASSERT_TRUE(observe(b, Tensor::of<float>({1}, {values[i]})));
    }
    ASSERT_TRUE(merge(b, a));
    ASSERT_EQ(b.channels[0], whole) << round;
    ASSERT_EQ(b.count, 40);
  }
}

TEST(Observer, ChannelsJoinedAreTheWhole) {
  const std::vector<Tensor> data = batches();
  const ValueStats apart = pass_over(data, 1);
  std::vector<const ChannelStats*> parts;
  for (const ChannelStats& channel : apart.channels) {
    parts.push_back(&channel);
  }
  EXPECT_EQ(joined(parts), pass_over(data, -1).channels[0]);
}

TEST(Observer, RefusesWhatIsNotFinite) {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                          -std::numeric_limits<float>::infinity()}) {
    ValueStats stats{-1, 0, {}};
    const Result<void> seen = observe(stats, Tensor::of<float>({3}, {1, bad, 2}));
    ASSERT_FALSE(seen);
    EXPECT_EQ(seen.error().code, Code::data_not_finite);
  }
}

TEST(Observer, NothingIsSeenOfEmptyTensors) {
  ValueStats stats{1, 0, {}};
  ASSERT_TRUE(observe(stats, Tensor(DType::f32, {0, 3})));
  EXPECT_TRUE(stats.channels.empty());
}

TEST(Observer, RefusesAnotherNumberOfChannels) {
  ValueStats stats{1, 0, {}};
  ASSERT_TRUE(observe(stats, Tensor(DType::f32, {1, 3})));
  const Result<void> seen = observe(stats, Tensor(DType::f32, {1, 4}));
  ASSERT_FALSE(seen);
  EXPECT_EQ(seen.error().code, Code::run_failed);
}

}  // namespace
}  // namespace dsq
