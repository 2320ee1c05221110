// Which layers a reader should look at first. The page and the terminal summary agree on it.
#pragma once

#include <vector>

#include "src/report/report.h"

namespace dsq {

// The noise of a layer, as a share of its signal: 10^(-SQNR/20) of its output where that was measured, else of its
// input, else the relative error of its weights. NaN and infinity count as the worst.
double noise_of(const LayerReport& layer);
// 10^(-SQNR/20).
double noise_of_db(double sqnr_db);

// At most `limit` layers for which there is a cause or a flag to name, the noisiest first.
std::vector<const LayerReport*> worst_layers(const Report& report, size_t limit);

}  // namespace dsq
