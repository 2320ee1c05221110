#include "calibration/observer.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "src/support/strings.h"

namespace dsq {
namespace {

// A tensor seen as [outer, channels, inner].
struct Layout {
  int64_t outer = 1;
  int64_t channels = 1;
  int64_t inner = 1;
};

Layout layout_of(const Tensor& value, int32_t axis) {
  if (axis < 0) {
    return {1, 1, value.count()};
  }
  const auto at = static_cast<size_t>(axis);
  const std::span<const int64_t> shape = value.shape();
  return {count_of(shape.first(at)), shape[at], count_of(shape.subspan(at + 1))};
}

// f(channel, values of one run)
template <class F>
void for_each_run(const Tensor& value, int32_t axis, F f) {
  const Layout l = layout_of(value, axis);
  const float* values = value.values<float>().data();
  for (int64_t o = 0; o < l.outer; ++o) {
    for (int64_t c = 0; c < l.channels; ++c) {
      f(static_cast<size_t>(c),
        std::span<const float>(values + (o * l.channels + c) * l.inner, static_cast<size_t>(l.inner)));
    }
  }
}

}  // namespace

Result<void> observe_extremes(ValueStats& stats, const Tensor& value) {
  const auto channels = static_cast<size_t>(layout_of(value, stats.axis).channels);
  if (stats.channels.empty()) {
    stats.channels.assign(channels,
                          {std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity(), {}});
  }
  if (stats.channels.size() != channels) {
    return fail(Code::run_failed, "it has {}, and {} in another sample", plural(channels, "channel"),
                stats.channels.size());
  }
  bool finite = true;
  for_each_run(value, stats.axis, [&](size_t channel, std::span<const float> run) {
    ChannelStats& seen = stats.channels[channel];
    float low = seen.low;
    float high = seen.high;
    float sum = 0;  // 0 * v is NaN exactly for what is not finite
    for (const float v : run) {
      low = v < low ? v : low;
      high = v > high ? v : high;
      sum += 0.0F * v;
    }
    finite = finite && sum == 0.0F;
    seen.low = low;
    seen.high = high;
  });
  stats.count += channels == 0 ? 0 : value.count() / static_cast<int64_t>(channels);
  if (!finite) {
    return fail(Code::data_not_finite, "it holds NaN or Inf when the network runs on the data")
        .hint("the samples are finite, the network is what makes it: see what it does before this value");
  }
  return {};
}

void merge_extremes(ValueStats& stats, const ValueStats& other) {
  if (stats.channels.empty()) {
    stats = other;
    return;
  }
  stats.count += other.count;
  for (size_t c = 0; c < std::min(stats.channels.size(), other.channels.size()); ++c) {
    stats.channels[c].low = std::min(stats.channels[c].low, other.channels[c].low);
    stats.channels[c].high = std::max(stats.channels[c].high, other.channels[c].high);
  }
}

void start_bins(ValueStats& stats) {
  for (ChannelStats& channel : stats.channels) {
    if (channel.low < channel.high) {
      channel.bins.assign(kStatsBins, 0);
    }
  }
}

void observe_bins(ValueStats& stats, const Tensor& value) {
  for_each_run(value, stats.axis, [&](size_t index, std::span<const float> run) {
    ChannelStats& channel = stats.channels[index];
    if (channel.bins.empty()) {
      return;
    }
    const float low = channel.low;
    const float per_width = static_cast<float>(kStatsBins) / (channel.high - low);
    for (const float v : run) {
      const float at = (v - low) * per_width;  // NaN where the range is next to nothing
      const float bin = at > 0.0F ? std::min(at, static_cast<float>(kStatsBins - 1)) : 0.0F;
      ++channel.bins[static_cast<size_t>(bin)];
    }
  });
}

void merge_bins(ValueStats& stats, const ValueStats& other) {
  for (size_t c = 0; c < stats.channels.size(); ++c) {
    for (size_t b = 0; b < stats.channels[c].bins.size(); ++b) {
      stats.channels[c].bins[b] += other.channels[c].bins[b];
    }
  }
}

}  // namespace dsq
