// assign_params: gives every calibrated spec its scales and zero points, from the statistics.
//
//   4 bits: for each channel, the range with the least squared error (src/quant/range.h), as u4 with a zero point.
//   8 bits: likewise, but as u8 with one zero point for all channels, which integer products subtract once: where the
//           scales are finer than one scale, and the weights that absorb them stay within the limit of their error, or
//           lose no more than without.
//           Otherwise one range. u8 with zero point 0 where values are never negative; i8, symmetric, where both signs
//           matter alike; u8 with a zero point in between.
// Layers that share their weights share the scales that these absorb (shared_weights.h).
// A channel that was always zero gets the mean scale of the others: its own would be arbitrary, and since weights
// absorb the scale, a large one would take the resolution of its neighbours.
#include <algorithm>
#include <iterator>
#include <limits>

#include "passes/passes.h"
#include "passes/plan_rules.h"
#include "passes/shared_weights.h"
#include "src/quant/math.h"
#include "src/quant/quant_layer.h"
#include "src/quant/range.h"
#include "src/quant/weights.h"
#include "src/support/parallel.h"

namespace dsq {
namespace {

constexpr float kLopsided = 0.5F;  // below this ratio of the two sides a zero point pays

// Dead channels hold 0 so far.
void fill_dead(std::vector<float>& scales) {
  double sum = 0;
  int64_t live = 0;
  for (const float scale : scales) {
    sum += scale;
    live += scale > 0 ? 1 : 0;
  }
  std::ranges::replace(scales, 0.0F, live > 0 ? static_cast<float>(sum / static_cast<double>(live)) : 1.0F);
}

QuantParams per_channel(const ValueStats& stats, int32_t axis, int32_t steps) {
  QuantParams params;
  params.granularity.axis = axis;
  std::vector<Range> ranges(stats.channels.size());
  parallel_for(static_cast<int64_t>(ranges.size()), 4, [&](int64_t begin, int64_t end) {
    for (auto c = static_cast<size_t>(begin); c < static_cast<size_t>(end); ++c) {
      ranges[c] = choose_range(stats.channels[c], steps);
    }
  });
  for (size_t c = 0; c < ranges.size(); ++c) {
    const ChannelStats& channel = stats.channels[c];
    const bool dead = !(channel.low < 0.0F) && !(channel.high > 0.0F);
    const ScaleZero p = affine_range(ranges[c].low, ranges[c].high, steps);
    params.scale.push_back(dead ? 0.0F : p.scale);
    params.zero_point.push_back(p.zero);
  }
  fill_dead(params.scale);
  if (std::ranges::all_of(params.zero_point, [](int32_t z) { return z == 0; })) {
    params.zero_point.clear();
  }
  return params;
}

// The smallest scale at which steps from -zero to 255 - zero hold the range; nothing when none does.
std::optional<float> scale_around(const Range& range, int32_t zero) {
  if ((range.low < 0 && zero == 0) || (range.high > 0 && zero == 255)) {
    return std::nullopt;
  }
  const float up = range.high > 0 ? range.high / static_cast<float>(255 - zero) : 0.0F;
  const float down = range.low < 0 ? -range.low / static_cast<float>(zero) : 0.0F;
  const float scale = std::max(up, down);
  return scale >= kMinScale ? scale : 0.0F;
}

// All that was seen, for tails cost more than steps at 8 bits, and the zero point that costs the channels least: the
// mean square of their steps, as multiples of those that each would have with a zero point of its own.
QuantParams per_channel_one_zero(const ValueStats& stats, int32_t axis) {
  std::vector<Range> ranges;
  for (const ChannelStats& channel : stats.channels) {
    ranges.push_back({std::min(channel.low, 0.0F), std::max(channel.high, 0.0F)});
  }
  QuantParams best;
  best.granularity.axis = axis;
  double least = std::numeric_limits<double>::infinity();
  for (int32_t zero = 0; zero <= 255; ++zero) {
    std::vector<float> scales;
    double cost = 0;
    for (const Range& range : ranges) {
      const std::optional<float> scale = scale_around(range, zero);
      if (!scale) {
        break;
      }
      scales.push_back(*scale);
      const double ratio = *scale > 0 ? *scale / ((range.high - range.low) / 255.0) : 0;
      cost += ratio * ratio;
    }
    if (scales.size() == ranges.size() && cost < least) {
      least = cost;
      best.scale = std::move(scales);
      best.zero_point = zero == 0 ? std::vector<int32_t>() : std::vector<int32_t>{zero};
    }
  }
  fill_dead(best.scale);
  return best;
}

// The channels as one.
ChannelStats of_all(const ValueStats& stats) {
  std::vector<const ChannelStats*> parts;
  for (const ChannelStats& channel : stats.channels) {
    parts.push_back(&channel);
  }
  return parts.size() == 1 ? stats.channels[0] : joined(parts);
}

QuantParams whole(const ValueStats& stats, QuantSpec& spec) {
  spec.granularity.axis = -1;
  QuantParams params;
  const Range range = choose_range(of_all(stats), 255);
  const float smaller = std::min(-range.low, range.high);
  const float larger = std::max(-range.low, range.high);
  if (range.low < 0.0F && smaller > kLopsided * larger) {
    spec.storage = DType::i8;
    spec.symmetric = true;
    params.scale = {symmetric_scale(larger, 127)};
    return params;
  }
  const ScaleZero p = affine_range(range.low, range.high, 255);
  params.scale = {p.scale};
  if (p.zero != 0) {
    params.zero_point = {p.zero};
  }
  return params;
}

bool finer(const QuantParams& channels, const QuantParams& one) {
  double sum = 0;
  for (const float scale : channels.scale) {
    sum += static_cast<double>(scale) * scale;
  }
  return sum < static_cast<double>(one.scale[0]) * one.scale[0] * static_cast<double>(channels.scale.size());
}

// Whether the weights of every layer that reads the value can absorb its scales.
bool weights_absorb(const Graph& graph, ValueId value, const QuantParams& params, PassContext& context) {
  for (const NodeId user : graph.value(value).users) {
    const std::optional<QuantLayer> layer = quant_layer_at(graph, user);
    if (!layer || layer->x != value || !graph.value(layer->w).spec) {
      return false;  // what else reads it, reads one scale
    }
    const Tensor& weights = *graph.constant(layer->w);
    const int bits = weight_bits(context.recipe, graph, graph.node(user), graph.value(layer->w).spec->storage);
    const double error = store_weights(absorb_scales(*layer, weights, params), {layer->w_axis, 0}, bits).error;
    if (error > (bits == 8 ? context.recipe.max_weight_error : 0.0) &&
        error > store_weights(weights, {layer->w_axis, 0}, bits).error) {
      context.diag.note(graph.node(user).name,
                        fmt::format("its input keeps one scale: with one for each channel its weights would be off by "
                                    "{:.2f} %",
                                    error * 100));
      return false;
    }
  }
  return true;
}

QuantParams eight_bits(const Graph& graph, ValueId value, const ValueStats& stats, QuantSpec& spec,
                       PassContext& context) {
  QuantSpec of_one = spec;
  QuantParams one = whole(stats, of_one);
  if (spec.granularity.axis >= 0 && stats.channels.size() > 1) {
    QuantParams channels = per_channel_one_zero(stats, spec.granularity.axis);
    if (finer(channels, one) && weights_absorb(graph, value, channels, context)) {
      return channels;
    }
  }
  spec = of_one;
  return one;
}

}  // namespace

Result<bool> assign_params(Graph& graph, PassContext& context) {
  bool changed = false;
  std::map<ValueId, ValueStats> shared;
  if (context.stats != nullptr) {
    shared = stats_of_shared_weights(graph, *context.stats);
  }
  for (const ValueId id : graph.values()) {
    if (!graph.value(id).spec || graph.value(id).spec->range != RangeSource::calibrated) {
      continue;
    }
    QuantSpec spec = *graph.value(id).spec;
    const std::string& name = graph.value(id).name;
    if (context.stats == nullptr) {  // as in text that somebody wrote
      return fail(Code::data_mismatch, "its range is to be calibrated, and there are no statistics")
          .at("value '" + name + "'")
          .hint("a text that `dsquant` leaves behind holds them; or plan for ranges at run time, without --calibrated");
    }
    const auto found = context.stats->values.find(name);
    if (found == context.stats->values.end() || found->second.channels.empty()) {
      return fail(Code::data_mismatch, "the data never reach it, so it has no range")
          .at("value '" + name + "'")
          .hint("give samples that use this part of the network");
    }
    const auto common = shared.find(id);
    const ValueStats& stats = common == shared.end() ? found->second : common->second;
    QuantParams params = bits_of(spec.storage) == 8 ? eight_bits(graph, id, stats, spec, context)
                                                    : per_channel(stats, spec.granularity.axis, 15);
    if (params.scale.size() == 1) {  // one channel: no axis that shape changes could break
      params.granularity.axis = -1;
      spec.granularity.axis = -1;
    }
    graph.set_spec(id, spec);
    graph.set_params(id, std::move(params));
    changed = true;
  }
  return changed;
}

}  // namespace dsq
