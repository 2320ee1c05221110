// What calibration saw of a graph's values. Statistics of parts of the data can be merged; what comes out is the same,
// bit for bit, however the data were cut and in whatever order they were seen.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace dsq {

inline constexpr int32_t kStatsBins = 256;  // at most; more than half of them where values differ

// Counts of the values of one channel, in bins of a power of two: bin i holds [first + i, first + i + 1) * 2^exponent.
// The exponent is the smallest one with which all fit, so it depends on the extremes alone. A wider range makes bins
// twice as wide, two by two, which gives what counting in them from the start would have given.
struct ChannelStats {
  float low = 0;  // the extremes that were seen
  float high = 0;
  int32_t exponent = 0;
  int32_t first = 0;           // the bin of `low`
  std::vector<uint64_t> bins;  // up to that of `high`; empty when nothing was seen

  bool varies() const { return low < high; }
  double width() const;
  float middle(size_t bin) const;  // of its part within the extremes
  bool operator==(const ChannelStats&) const = default;
};

struct ValueStats {
  int32_t axis = -1;  // the channel axis; -1: one channel for the whole value
  int64_t count = 0;  // elements seen in each channel
  std::vector<ChannelStats> channels;
  bool operator==(const ValueStats&) const = default;
};

// Makes room for values from `low` to `high`, both finite.
void widen(ChannelStats& stats, float low, float high);
// The values must lie within the extremes.
void count_value(ChannelStats& stats, float value, uint64_t times = 1);
void merge(ChannelStats& stats, const ChannelStats& more);

// What several channels hold as one; at least one.
ChannelStats joined(std::span<const ChannelStats* const> parts);

// Whether widen() and counting could have made it.
bool is_sound(const ChannelStats& stats);

struct CalibrationTable {
  std::map<std::string, ValueStats> values;  // by value name
};

}  // namespace dsq
