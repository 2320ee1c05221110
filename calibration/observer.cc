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
void for_each_run(const Tensor& value, const Layout& l, F f) {
  const float* values = value.values<float>().data();
  for (int64_t o = 0; o < l.outer; ++o) {
    for (int64_t c = 0; c < l.channels; ++c) {
      f(static_cast<size_t>(c),
        std::span<const float>(values + (o * l.channels + c) * l.inner, static_cast<size_t>(l.inner)));
    }
  }
}

struct Extremes {
  float low = std::numeric_limits<float>::infinity();
  float high = -std::numeric_limits<float>::infinity();
};

// Of every channel; false where there is NaN or Inf.
bool find_extremes(const Tensor& value, const Layout& layout, std::vector<Extremes>& found) {
  bool finite = true;
  for_each_run(value, layout, [&](size_t channel, std::span<const float> run) {
    Extremes seen = found[channel];
    float sum = 0;  // 0 * v is NaN exactly for what is not finite
    for (const float v : run) {
      seen.low = v < seen.low ? v : seen.low;
      seen.high = v > seen.high ? v : seen.high;
      sum += 0.0F * v;
    }
    finite = finite && sum == 0.0F;
    found[channel] = seen;
  });
  return finite;
}

// The bins of a channel, ready to count.
struct Counter {
  double per_width;  // a power of two, so that the product is exact in double
  int64_t first;
  int64_t last;
  uint64_t* bins;
};

}  // namespace

Result<void> observe(ValueStats& stats, const Tensor& value) {
  if (value.count() == 0) {
    return {};
  }
  const Layout layout = layout_of(value, stats.axis);
  const auto channels = static_cast<size_t>(layout.channels);
  if (stats.channels.empty()) {
    stats.channels.resize(channels);
  }
  if (stats.channels.size() != channels) {
    return fail(Code::run_failed, "it has {}, and {} in another sample", plural(channels, "channel"),
                stats.channels.size());
  }
  std::vector<Extremes> extremes(channels);
  if (!find_extremes(value, layout, extremes)) {
    return fail(Code::data_not_finite, "it holds NaN or Inf when the network runs on the data")
        .hint("the samples are finite, the network is what makes it: see what it does before this value");
  }
  std::vector<Counter> counters;
  for (size_t c = 0; c < channels; ++c) {
    ChannelStats& channel = stats.channels[c];
    widen(channel, extremes[c].low, extremes[c].high);
    counters.push_back({1 / channel.width(), channel.first, std::ssize(channel.bins) - 1, channel.bins.data()});
  }
  for_each_run(value, layout, [&](size_t channel, std::span<const float> run) {
    const Counter counter = counters[channel];
    for (const float v : run) {
      const auto bin = static_cast<int64_t>(std::floor(static_cast<double>(v) * counter.per_width)) - counter.first;
      ++counter.bins[std::clamp<int64_t>(bin, 0, counter.last)];
    }
  });
  stats.count += value.count() / layout.channels;
  return {};
}

Result<void> merge(ValueStats& stats, const ValueStats& other) {
  if (other.channels.empty()) {
    return {};
  }
  if (stats.channels.empty()) {
    stats = other;
    return {};
  }
  if (stats.axis != other.axis || stats.channels.size() != other.channels.size()) {
    return fail(Code::data_mismatch, "{} in one part, {} in another", plural(stats.channels.size(), "channel"),
                other.channels.size());
  }
  stats.count += other.count;
  for (size_t c = 0; c < stats.channels.size(); ++c) {
    merge(stats.channels[c], other.channels[c]);
  }
  return {};
}

}  // namespace dsq
