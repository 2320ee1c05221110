// Causes in words, from what calibration saw of a layer's input.
#include "src/toolchain/causes.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace dsq {
namespace {

LayerReport layer(const InputReport& input) {
  LayerReport report;
  report.act_type = "u4";
  report.range = "calibrated";
  report.input_sqnr_db = 15;
  report.output_sqnr_db = 14;
  report.input = input;
  return report;
}

// A layer whose input has these channels, each with values at its extremes and between, in equal numbers.
InputReport seen(const std::vector<std::pair<float, float>>& channels, const std::optional<QuantParams>& params) {
  ValueStats stats;
  stats.axis = 1;
  stats.count = 256;
  for (const auto& [low, high] : channels) {
    ChannelStats& channel = stats.channels.emplace_back();
    widen(channel, low, high);
    std::ranges::fill(channel.bins, 1);
  }
  CalibrationTable table;
  table.values.emplace("x", stats);
  std::vector<LayerReport> layers(1);
  describe_inputs(layers, {{0, "value", {DType::u4, {}, false, RangeSource::calibrated}, params, "x"}}, table);
  EXPECT_TRUE(layers[0].input);
  return layers[0].input.value_or(InputReport());
}

TEST(Causes, WhatIsSeen) {
  const InputReport input = seen({{0, 1}, {-1, 3}, {0, 0}}, QuantParams{{}, {0.2F}, {5}, {}});
  EXPECT_EQ(input.low, -1);
  EXPECT_EQ(input.high, 3);
  EXPECT_EQ(input.channels, 3);
  EXPECT_EQ(input.dead, 1);
  EXPECT_EQ(input.spread, 1);  // of two that vary, the wider one is the upper median
  EXPECT_TRUE(input.shared);
  EXPECT_NEAR(*input.clip_low, -1, 1e-6);
  EXPECT_NEAR(*input.clip_high, 2, 1e-6);
  EXPECT_EQ(input.bins.size(), 64U);
}

TEST(Causes, OutlierChannelsHurtWhereARangeIsShared) {
  const std::vector<std::pair<float, float>> channels = {{0, 1}, {0, 1}, {0, 1}, {0, 20}};
  EXPECT_NE(cause_of(layer(seen(channels, QuantParams{{}, {1.3F}, {}, {}})), false).find("an outlier channel"),
            std::string::npos);
  const QuantParams each{{}, {0.07F, 0.07F, 0.07F, 1.3F}, {}, {}};
  EXPECT_EQ(cause_of(layer(seen(channels, each)), false).find("an outlier channel"), std::string::npos);
}

TEST(Causes, TailsSkewDepthwiseAndDeadChannels) {
  InputReport input;
  input.tail = 12;
  EXPECT_NE(cause_of(layer(input), false).find("a long tail: its input reaches 12.0 times"), std::string::npos);
  input = seen({{0, 4}}, QuantParams{{}, {0.5F}, {8}, {}});
  EXPECT_NE(cause_of(layer(input), false).find("skew"), std::string::npos);
  input = seen({{0, 4}}, QuantParams{{}, {0.3F}, {}, {}});
  LayerReport depthwise = layer(input);
  depthwise.depthwise = true;
  EXPECT_NE(cause_of(depthwise, false).find("depthwise"), std::string::npos);
  input = seen({{0, 4}, {0, 0}}, QuantParams{{}, {0.3F}, {}, {}});
  EXPECT_NE(cause_of(layer(input), false).find("1 of 2 channels"), std::string::npos);
  input = seen({{0, 4}}, QuantParams{{}, {0.3F}, {}, {}});
  EXPECT_EQ(cause_of(layer(input), false), "16 levels for each channel of its input");
}

}  // namespace
}  // namespace dsq
