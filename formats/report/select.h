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

// What a layer loses by itself, as a share: in its own input, or what else was measured. NaN counts as infinite.
double own_noise_of(const LayerReport& layer);

// The limit on weight errors holds for int8 weights (Report::max_weight_error).
bool misses_limit(const Report& report, const LayerReport& layer);
// The layer with the largest weight error of those that the limit holds for; of all layers where it holds for none;
// nullptr without layers. NaN counts as the largest.
const LayerReport* worst_weights(const Report& report);
bool has_weight_limit(const Report& report);  // whether it holds for any layer

// At most `limit` layers for which there is a cause or a flag to name, by what each loses by itself.
std::vector<const LayerReport*> worst_layers(const Report& report, size_t limit);

}  // namespace dsq
