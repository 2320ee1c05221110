// Rounds weights one input after the other, and lets those that are still to be rounded make good what was lost: GPTQ
// (Frantar et al., 2022) in the form of LDLQ (Chee et al., 2023, who show both to be the same), which needs no inverse.
// Inputs are taken in the order of their power.
//
//   H = X^T X + damping * mean of its diagonal = M D M^T,  M with ones on the diagonal and zeros below it
//   for k:  q_k = round(w_k + sum_{j<k} M_jk (w_j - q_j))
#pragma once

#include <span>

#include "calibration/layer_sums.h"
#include "src/quant/weights.h"

namespace dsq {

// `nearest`: the layer's weights, with the scales of its input's channels absorbed, rounded each to its nearest step; its
// scales are kept. `absorbed`: these weights before rounding. `x_scale`: those scales, one for each channel or one in all.
// The more damping, the nearer to `nearest`.
StoredWeights round_by_covariance(const QuantLayer& layer, const LayerSums& sums, const Tensor& absorbed,
                                  const StoredWeights& nearest, std::span<const float> x_scale, double damping);

}  // namespace dsq
