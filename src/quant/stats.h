// What calibration saw of a graph's values.
#pragma once

#include <cstdint>
#include <map>
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

struct CalibrationTable {
  std::map<std::string, ValueStats> values;  // by value name
};

}  // namespace dsq
