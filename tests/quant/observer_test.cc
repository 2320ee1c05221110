// What calibration counts does not depend on how the data are cut or ordered.
#include "calibration/observer.h"

#include <algorithm>
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

void expect_same(const ValueStats& a, const ValueStats& b) {
  EXPECT_EQ(a.count, b.count);
  ASSERT_EQ(a.channels.size(), b.channels.size());
  for (size_t c = 0; c < a.channels.size(); ++c) {
    EXPECT_EQ(a.channels[c].low, b.channels[c].low);
    EXPECT_EQ(a.channels[c].high, b.channels[c].high);
    EXPECT_EQ(a.channels[c].bins, b.channels[c].bins);
  }
}

ValueStats pass_over(const std::vector<Tensor>& data, int32_t axis) {
  ValueStats stats{axis, 0, {}};
  for (const Tensor& each : data) {
    EXPECT_TRUE(observe_extremes(stats, each));
  }
  start_bins(stats);
  for (const Tensor& each : data) {
    observe_bins(stats, each);
  }
  return stats;
}

TEST(Observer, ByHand) {
  ValueStats stats{1, 0, {}};
  const Tensor x = Tensor::of<float>({2, 2, 2}, {0, 1, 5, 5, 0.25F, 2, 5, 5});
  ASSERT_TRUE(observe_extremes(stats, x));
  start_bins(stats);
  observe_bins(stats, x);
  ASSERT_EQ(stats.channels.size(), 2U);
  EXPECT_EQ(stats.count, 4);
  EXPECT_EQ(stats.channels[0].low, 0);
  EXPECT_EQ(stats.channels[0].high, 2);
  EXPECT_EQ(stats.channels[0].bins[0], 1U);
  EXPECT_EQ(stats.channels[0].bins[32], 1U);  // 0.25 of 2 is 32 of 256
  EXPECT_EQ(stats.channels[0].bins[128], 1U);
  EXPECT_EQ(stats.channels[0].bins[255], 1U);  // the highest value is within
  EXPECT_EQ(stats.channels[1].low, 5);
  EXPECT_TRUE(stats.channels[1].bins.empty());
}

TEST(Observer, OrderDoesNotMatter) {
  for (const int32_t axis : {-1, 0, 1, 2}) {
    std::vector<Tensor> data = batches();
    if (axis == 0) {
      std::erase_if(data, [](const Tensor& t) { return t.shape()[0] != 2; });
    }
    const ValueStats forward = pass_over(data, axis);
    std::ranges::reverse(data);
    expect_same(forward, pass_over(data, axis));
    std::rotate(data.begin(), data.begin() + 1, data.end());
    expect_same(forward, pass_over(data, axis));
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
    std::vector<ValueStats> parts(3, {axis, 0, {}});  // the last one sees nothing
    for (size_t i = 0; i < data.size(); ++i) {
      ASSERT_TRUE(observe_extremes(parts[i % 2], data[i]));
    }
    ValueStats merged{axis, 0, {}};
    for (const ValueStats& part : {parts[0], parts[1]}) {
      merge_extremes(merged, part);
    }
    merge_extremes(merged, parts[2]);
    start_bins(merged);
    parts = {merged, merged};
    for (size_t i = 0; i < data.size(); ++i) {
      observe_bins(parts[i % 2], data[i]);
    }
    merge_bins(merged, parts[0]);
    merge_bins(merged, parts[1]);
    expect_same(whole, merged);
  }
}

TEST(Observer, RefusesWhatIsNotFinite) {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                          -std::numeric_limits<float>::infinity()}) {
    ValueStats stats{-1, 0, {}};
    const Result<void> seen = observe_extremes(stats, Tensor::of<float>({3}, {1, bad, 2}));
    ASSERT_FALSE(seen);
    EXPECT_EQ(seen.error().code, Code::data_not_finite);
  }
}

TEST(Observer, RefusesAnotherNumberOfChannels) {
  ValueStats stats{1, 0, {}};
  ASSERT_TRUE(observe_extremes(stats, Tensor(DType::f32, {1, 3})));
  const Result<void> seen = observe_extremes(stats, Tensor(DType::f32, {1, 4}));
  ASSERT_FALSE(seen);
  EXPECT_EQ(seen.error().code, Code::run_failed);
}

}  // namespace
}  // namespace dsq
