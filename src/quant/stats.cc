#include "src/quant/stats.h"

#include <algorithm>
#include <cmath>

namespace dsq {
namespace {

constexpr int32_t kLeast = -126;   // bins are no finer: the smallest normal number
constexpr int32_t kMantissa = 23;  // nor finer than the steps between the largest values

int64_t bin_of(float value, int32_t exponent) {
  return static_cast<int64_t>(std::floor(std::ldexp(static_cast<double>(value), -exponent)));
}

// It only grows with the range.
int32_t exponent_of(float low, float high) {
  const float largest = std::max(std::abs(low), std::abs(high));
  int32_t exponent = largest > 0 ? std::max(std::ilogb(largest) - kMantissa, kLeast) : kLeast;
  if (low < high) {
    constexpr int32_t kBits = 10;  // more than the bins take
    exponent = std::max(exponent, std::ilogb(static_cast<double>(high) - low) - kBits);
  }
  while (bin_of(high, exponent) - bin_of(low, exponent) >= kStatsBins) {
    ++exponent;
  }
  return exponent;
}

// The i-th bin when bins are 2^shift times as wide.
int64_t wider_bin(const ChannelStats& stats, size_t i, int32_t shift) {
  return (static_cast<int64_t>(stats.first) + static_cast<int64_t>(i)) >> std::min(shift, 63);
}

}  // namespace

double ChannelStats::width() const { return std::ldexp(1.0, exponent); }

float ChannelStats::middle(size_t bin) const {
  const double at = (static_cast<double>(first) + static_cast<double>(bin) + 0.5) * width();
  return static_cast<float>(std::clamp(at, static_cast<double>(low), static_cast<double>(high)));
}

void widen(ChannelStats& stats, float low, float high) {
  const bool fresh = stats.bins.empty();
  if (!fresh && stats.low <= low && high <= stats.high) {
    return;
  }
  ChannelStats wider;
  wider.low = (fresh ? low : std::min(low, stats.low)) + 0.0F;  // no -0
  wider.high = (fresh ? high : std::max(high, stats.high)) + 0.0F;
  wider.exponent = exponent_of(wider.low, wider.high);
  wider.first = static_cast<int32_t>(bin_of(wider.low, wider.exponent));
  wider.bins.assign(static_cast<size_t>(bin_of(wider.high, wider.exponent) - wider.first + 1), 0);
  for (size_t i = 0; i < stats.bins.size(); ++i) {
    const int64_t bin = wider_bin(stats, i, wider.exponent - stats.exponent);
    wider.bins[static_cast<size_t>(bin - wider.first)] += stats.bins[i];
  }
  stats = std::move(wider);
}

void count_value(ChannelStats& stats, float value, uint64_t times) {
  const int64_t bin = bin_of(value, stats.exponent) - stats.first;
  stats.bins[static_cast<size_t>(std::clamp<int64_t>(bin, 0, std::ssize(stats.bins) - 1))] += times;
}

void merge(ChannelStats& stats, const ChannelStats& more) {
  if (more.bins.empty()) {
    return;
  }
  widen(stats, more.low, more.high);
  const int32_t shift = stats.exponent - more.exponent;
  for (size_t i = 0; i < more.bins.size(); ++i) {
    const int64_t bin = wider_bin(more, i, shift);
    stats.bins[static_cast<size_t>(bin - stats.first)] += more.bins[i];
  }
}

ChannelStats joined(std::span<const ChannelStats* const> parts) {
  ChannelStats all;
  for (const ChannelStats* part : parts) {
    merge(all, *part);
  }
  return all;
}

bool is_sound(const ChannelStats& stats) {
  if (stats.bins.empty()) {
    return stats == ChannelStats{};
  }
  if (!std::isfinite(stats.low) || !std::isfinite(stats.high) || stats.low > stats.high) {
    return false;
  }
  ChannelStats made;
  widen(made, stats.low, stats.high);
  return made.exponent == stats.exponent && made.first == stats.first && made.bins.size() == stats.bins.size() &&
         stats.bins.front() > 0 && stats.bins.back() > 0;
}

}  // namespace dsq
