// assign_params: gives every calibrated spec its scales and zero points, from the statistics.
//
//   4 bits: for each channel, the range with the least squared error (src/quant/range.h), as u4 with a zero point.
//   8 bits: one range. u8 with zero point 0 where values are never negative; i8, symmetric, where both signs matter
//           alike; u8 with a zero point in between.
// A channel that was always zero gets the mean scale of the others: its own would be arbitrary, and since weights
// absorb the scale, a large one would take the resolution of its neighbours.
#include <algorithm>

#include "passes/passes.h"
#include "src/quant/math.h"
#include "src/quant/range.h"

namespace dsq {
namespace {

constexpr float kLopsided = 0.5F;  // below this ratio of the two sides a zero point pays

QuantParams per_channel(const ValueStats& stats, int32_t axis, int32_t steps) {
  QuantParams params;
  params.granularity.axis = axis;
  double sum = 0;
  int64_t live = 0;
  for (const ChannelStats& channel : stats.channels) {
    const bool dead = !(channel.low < 0.0F) && !(channel.high > 0.0F);
    const Range range = choose_range(channel, steps);
    const ScaleZero p = affine_range(range.low, range.high, steps);
    params.scale.push_back(dead ? 0.0F : p.scale);
    params.zero_point.push_back(p.zero);
    sum += dead ? 0.0 : p.scale;
    live += dead ? 0 : 1;
  }
  const float usual = live > 0 ? static_cast<float>(sum / static_cast<double>(live)) : 1.0F;
  std::ranges::replace(params.scale, 0.0F, usual);
  if (std::ranges::all_of(params.zero_point, [](int32_t z) { return z == 0; })) {
    params.zero_point.clear();
  }
  return params;
}

void whole(const ValueStats& stats, QuantSpec& spec, QuantParams& params) {
  const ChannelStats& all = stats.channels[0];
  const Range range = choose_range(all, 255);
  const float smaller = std::min(-range.low, range.high);
  const float larger = std::max(-range.low, range.high);
  if (range.low < 0.0F && smaller > kLopsided * larger) {
    spec.storage = DType::i8;
    spec.symmetric = true;
    params.scale = {symmetric_scale(larger, 127)};
    return;
  }
  const ScaleZero p = affine_range(range.low, range.high, 255);
  params.scale = {p.scale};
  if (p.zero != 0) {
    params.zero_point = {p.zero};
  }
}

}  // namespace

Result<bool> assign_params(Graph& graph, PassContext& context) {
  bool changed = false;
  for (const ValueId id : graph.values()) {
    if (!graph.value(id).spec || graph.value(id).spec->range != RangeSource::calibrated) {
      continue;
    }
    QuantSpec spec = *graph.value(id).spec;
    const std::string& name = graph.value(id).name;
    DSQ_CHECK(context.stats != nullptr, "calibrated ranges come with statistics");
    const auto found = context.stats->values.find(name);
    if (found == context.stats->values.end() || found->second.channels.empty()) {
      return fail(Code::data_mismatch, "the data never reach it, so it has no range").at("value '" + name + "'");
    }
    QuantParams params;
    if (spec.granularity.axis >= 0) {
      params = per_channel(found->second, spec.granularity.axis, 15);
      if (params.scale.size() == 1) {  // one channel: no axis that shape changes could break
        params.granularity.axis = -1;
        spec.granularity.axis = -1;
      }
    } else {
      whole(found->second, spec, params);
    }
    graph.set_spec(id, spec);
    graph.set_params(id, std::move(params));
    changed = true;
  }
  return changed;
}

}  // namespace dsq
