// The range that a channel's values are quantized over, chosen on what calibration counted.
#pragma once

#include "src/quant/stats.h"

namespace dsq {

struct Range {
  float low = 0;
  float high = 0;
};

// The range within [stats.low, stats.high], widened to hold zero, with the smallest expected squared error when it is
// cut into `steps` equal steps: clipping the tails costs their distance, keeping them costs resolution. A search over
// clip ratios on the histogram; both ends shrink together, then each alone. Where nothing varies: the extremes.
Range choose_range(const ChannelStats& stats, int32_t steps);

}  // namespace dsq
