// Why a layer loses: what calibration saw of its input, and the cause in words.
#pragma once

#include <string>
#include <vector>

#include "src/quant/stats.h"
#include "src/report/report.h"
#include "src/toolchain/facts.h"

namespace dsq {

// Fills LayerReport::input of the layers whose inputs were seen.
void describe_inputs(std::vector<LayerReport>& layers, const std::vector<LayerInput>& inputs,
                     const CalibrationTable& seen);

// The cause, a phrase. `first`: no layer comes before it. Where its own input loses little (less than 30 dB), the error
// of the layers before it; otherwise what is odd about its input where that hurts: an outlier channel (of 8 times the median's range, all sharing one), a long tail
// (4 times beyond what 99.9 % stay within), values on one side of a symmetric range; then few products to a sum
// (depthwise), and many channels that are always the same.
std::string cause_of(const LayerReport& layer, bool first);

}  // namespace dsq
