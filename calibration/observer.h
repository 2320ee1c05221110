// Watches one value: first its extremes, then a histogram between them. Memory does not grow with the number of
// samples, and the result does not depend on their order.
#pragma once

#include "src/ir/tensor.h"
#include "src/quant/stats.h"
#include "src/support/result.h"

namespace dsq {

// The first look: extremes of every channel. `axis` counts from the front, -1 for one channel in all. The number of
// channels is learned from the first tensor. Errors: data_not_finite; run_failed when the channels' number changes.
Result<void> observe_extremes(ValueStats& stats, const Tensor& value);
// Joins what another worker saw.
void merge_extremes(ValueStats& stats, const ValueStats& other);

// The second look, at the same data: counts in kStatsBins equal bins. Needs the extremes.
void start_bins(ValueStats& stats);
void observe_bins(ValueStats& stats, const Tensor& value);
void merge_bins(ValueStats& stats, const ValueStats& other);

}  // namespace dsq
