#include "src/quant/stats.h"

#include <algorithm>

namespace dsq {

ChannelStats joined(std::span<const SeenChannel> parts) {
  ChannelStats all{parts[0].stats->low, parts[0].stats->high, {}};
  for (const SeenChannel& part : parts) {
    all.low = std::min(all.low, part.stats->low);
    all.high = std::max(all.high, part.stats->high);
  }
  if (!(all.low < all.high)) {
    return all;
  }
  all.bins.assign(kStatsBins, 0);
  const auto add = [&](float value, uint64_t count) {
    const float at = (value - all.low) / (all.high - all.low) * static_cast<float>(kStatsBins);
    all.bins[static_cast<size_t>(std::clamp(at, 0.0F, static_cast<float>(kStatsBins - 1)))] += count;
  };
  for (const SeenChannel& part : parts) {
    const ChannelStats& stats = *part.stats;
    const float width = (stats.high - stats.low) / static_cast<float>(kStatsBins);
    for (size_t i = 0; i < stats.bins.size(); ++i) {
      add(stats.low + (static_cast<float>(i) + 0.5F) * width, stats.bins[i]);
    }
    if (stats.bins.empty()) {
      add(stats.low, static_cast<uint64_t>(part.count));
    }
  }
  return all;
}

}  // namespace dsq
