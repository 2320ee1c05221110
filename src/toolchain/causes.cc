#include "src/toolchain/causes.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

namespace dsq {
namespace {

constexpr size_t kBins = 64;

// The least and greatest level of a storage type.
std::pair<int32_t, int32_t> levels_of(DType storage) {
  switch (storage) {
    case DType::u4: return {0, 15};
    case DType::i4: return {-8, 7};
    case DType::u8: return {0, 255};
    default: return {-128, 127};
  }
}

void add_clips(const LayerInput& layer, InputReport& input) {
  if (!layer.params || layer.params->scale.empty()) {
    return;
  }
  const QuantParams& params = *layer.params;
  auto [least, greatest] = levels_of(layer.spec.storage);
  if (!params.levels.empty()) {
    least = *std::ranges::min_element(params.levels);
    greatest = *std::ranges::max_element(params.levels);
  }
  double low = INFINITY;
  double high = -INFINITY;
  for (size_t i = 0; i < params.scale.size(); ++i) {
    const int32_t zero = params.levels.empty() ? params.zero_of(i) : 0;
    low = std::min(low, double{params.scale[i]} * (least - zero));
    high = std::max(high, double{params.scale[i]} * (greatest - zero));
  }
  input.clip_low = low;
  input.clip_high = high;
  input.shared = params.scale.size() == 1;
}

// What |x| of 99.9 % of the values stays within, from the bins.
double usual_reach(const InputReport& input) {
  const double width = (input.high - input.low) / static_cast<double>(kBins);
  std::vector<std::pair<double, int64_t>> reach;
  int64_t all = 0;
  for (size_t i = 0; i < input.bins.size(); ++i) {
    const double left = input.low + width * static_cast<double>(i);
    reach.emplace_back(std::max(std::abs(left), std::abs(left + width)), input.bins[i]);
    all += input.bins[i];
  }
  std::ranges::sort(reach);
  int64_t within = 0;
  for (const auto& [far, count] : reach) {
    within += count;
    if (static_cast<double>(within) >= 0.999 * static_cast<double>(all)) {
      return far;
    }
  }
  return 0;
}

// Counts in kBins equal parts of what was seen: a bin that lies in two parts gives each its share.
std::vector<int64_t> equal_parts(const ChannelStats& all) {
  std::vector<int64_t> parts(kBins, 0);
  double seen = 0;  // by the end of a part
  size_t part = 0;
  const auto end_part = [&](double count) {
    parts[part++] = std::llround(count) - std::llround(seen);
    seen = count;
  };
  const double width = (double{all.high} - all.low) / static_cast<double>(kBins);
  double count = 0;  // by the end of a bin
  for (size_t i = 0; all.varies() && i < all.bins.size(); ++i) {
    const double start = std::max((all.first + static_cast<double>(i)) * all.width(), double{all.low});
    const double end = std::min((all.first + static_cast<double>(i) + 1) * all.width(), double{all.high});
    const auto here = static_cast<double>(all.bins[i]);
    for (double edge = 0; part + 1 < kBins && (edge = all.low + width * static_cast<double>(part + 1)) < end;) {
      end_part(count + here * std::clamp((edge - start) / (end - start), 0.0, 1.0));
    }
    count += here;
  }
  if (part < kBins) {
    end_part(count);
  }
  return parts;
}

InputReport input_of(const ValueStats& stats) {
  InputReport input;
  std::vector<double> ranges;  // of channels that vary
  input.low = INFINITY;
  input.high = -INFINITY;
  for (const ChannelStats& channel : stats.channels) {
    input.low = std::min(input.low, double{channel.low});
    input.high = std::max(input.high, double{channel.high});
    if (channel.low < channel.high) {
      ranges.push_back(double{channel.high} - channel.low);
    }
  }
  input.channels = std::ssize(stats.channels);
  input.dead = input.channels - std::ssize(ranges);
  if (!ranges.empty()) {
    std::ranges::sort(ranges);
    input.spread = ranges.back() / ranges[ranges.size() / 2];
  }
  std::vector<const ChannelStats*> parts;
  for (const ChannelStats& channel : stats.channels) {
    parts.push_back(&channel);
  }
  input.bins = equal_parts(joined(parts));
  const double usual = usual_reach(input);
  input.tail = usual > 0 ? std::max(std::abs(input.low), std::abs(input.high)) / usual : 1;
  return input;
}

// What is odd about the input, where it hurts; empty otherwise.
std::string oddity_of(const LayerReport& layer) {
  if (!layer.input) {
    return {};
  }
  constexpr double kWide = 8;
  constexpr double kLong = 4;
  const InputReport& input = *layer.input;
  if (input.shared && input.spread >= kWide) {
    return fmt::format(
        "an outlier channel: one channel of its input spans {:.0f} times what the median's does, and all "
        "share one range",
        input.spread);
  }
  if (input.tail >= kLong) {
    return fmt::format("a long tail: its input reaches {:.1f} times beyond what 99.9 % of its values stay within",
                       input.tail);
  }
  const double near = std::min(std::abs(input.low), std::abs(input.high));
  const double far = std::max(std::abs(input.low), std::abs(input.high));
  const bool both_sides = input.clip_low && input.clip_high &&
                          *input.clip_low<-0.5 * *input.clip_high&& * input.clip_high> - 0.5 * *input.clip_low;
  if (both_sides && near < 0.1 * far) {
    return "skew: its input lies on one side, and its range has as many levels on the other";
  }
  return {};
}

std::string own_cause_of(const LayerReport& layer, bool first) {
  const std::string oddity = oddity_of(layer);
  if (!oddity.empty()) {
    return oddity;
  }
  if (layer.depthwise.value_or(false)) {
    return "depthwise: few products make a sum, so that their errors do not average out";
  }
  if (layer.input && layer.input->dead * 4 >= layer.input->channels && layer.input->dead > 0) {
    return fmt::format("{} of {} channels of its input never vary, so that the others carry all of it",
                       layer.input->dead, layer.input->channels);
  }
  if (layer.act_type == "u4") {
    return layer.range == "calibrated" ? "16 levels for each channel of its input"
                                       : "16 levels for all channels of its input; calibrated ranges (--data, --ranges "
                                         "calibrated) give each channel its own";
  }
  return first || layer.range == "calibrated" ? "8 bits for its input and its weights"
                                              : "one range for all channels of its input";
}

}  // namespace

void describe_inputs(std::vector<LayerReport>& layers, const std::vector<LayerInput>& inputs,
                     const CalibrationTable& seen) {
  for (const LayerInput& each : inputs) {
    const auto found = seen.values.find(each.marked);
    if (found != seen.values.end() && found->second.count > 0 && !found->second.channels.empty()) {
      InputReport input = input_of(found->second);
      add_clips(each, input);
      layers[each.layer].input = std::move(input);
    }
  }
}

std::string cause_of(const LayerReport& layer, bool first) {
  constexpr double kNearDb = 4.0;
  constexpr double kGoodDb = 30.0;
  const bool worse_before =
      !first && layer.input_sqnr_db && layer.output_sqnr_db && *layer.input_sqnr_db > *layer.output_sqnr_db + kNearDb;
  if (worse_before && *layer.input_sqnr_db > kGoodDb) {
    return fmt::format("the error of the layers before it: its own input loses less ({:.1f} dB)", *layer.input_sqnr_db);
  }
  const std::string own = own_cause_of(layer, first);
  return worse_before
             ? fmt::format("{}; the layers before it lose more ({:.1f} dB in its output)", own, *layer.output_sqnr_db)
             : own;
}

}  // namespace dsq
