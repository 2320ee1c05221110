// What calibration saw of a graph's values.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace dsq {

// Counts of the values of one channel in equal bins over [low, high], the extremes that were seen.
struct ChannelStats {
  float low = 0;
  float high = 0;
  std::vector<uint64_t> bins;  // kStatsBins, or empty when low == high
};
inline constexpr int kStatsBins = 256;

struct ValueStats {
  int32_t axis = -1;  // the channel axis; -1: one channel for the whole value
  int64_t count = 0;  // elements seen in each channel
  std::vector<ChannelStats> channels;
};

// What several channels hold as one, in bins laid anew over their joint extremes; each counts as the middle of its bin.
struct SeenChannel {
  const ChannelStats* stats = nullptr;
  int64_t count = 0;  // elements
};
ChannelStats joined(std::span<const SeenChannel> parts);  // at least one

struct CalibrationTable {
  std::map<std::string, ValueStats> values;  // by value name
};

}  // namespace dsq
