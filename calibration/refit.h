// Refits a layer's weights and bias to the inputs that it really gets, those of the quantized network, by least squares
// against the outputs of the float network:
//
//   min |X W - Y|^2 + ridge * sum_k (X^T X)_kk |W_k - W0_k|^2
//
// The ridge is chosen on samples that were not fitted; so is the bias alone, or nothing, where that is better there.
// Without the hold-out it overfits: what a few samples say of thousands of weights is mostly noise.
#pragma once

#include <string>

#include "calibration/layer_sums.h"

namespace dsq {

struct Refit {
  LayerWeights weights;
  double error = 0;   // squared, on the held-out samples
  std::string steps;  // "weights and bias, ridge 0.03", "bias", or empty: nothing was better
};

Refit refit(const LayerSums& fitted, const LayerSums& held, LayerWeights start, bool has_bias);

// The weights with the bias that leaves no mean error on these samples.
LayerWeights with_refitted_bias(const LayerSums& sums, LayerWeights weights);

}  // namespace dsq
