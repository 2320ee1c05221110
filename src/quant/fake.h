// What is left of values once they have been stored as integers: quantized and restored, in floats.
#pragma once

#include "src/ir/quant.h"
#include "src/ir/tensor.h"

namespace dsq {

// `x` is f32. Static ranges take their scales from `params`; ranges of the run are taken from `x` itself, for each index
// of axis 0 (per_sample) or each vector along the last axis (per_token).
Tensor fake_quantized(const Tensor& x, const QuantSpec& spec, const QuantParams* params);

}  // namespace dsq
