// Watches one value: its extremes and a histogram between them, in one look. Memory does not grow with the number of
// samples, and the result does not depend on their order.
#pragma once

#include "src/ir/tensor.h"
#include "src/quant/stats.h"
#include "src/support/result.h"

namespace dsq {

// Counts a tensor's elements in the channels of stats.axis, which counts from the front (-1: one channel in all). The
// number of channels is learned from the first tensor. Errors: data_not_finite; run_failed when the channels' number
// changes.
Result<void> observe(ValueStats& stats, const Tensor& value);

// Joins what another worker saw, or another machine. Errors: data_mismatch for another number of channels.
Result<void> merge(ValueStats& stats, const ValueStats& other);

}  // namespace dsq
