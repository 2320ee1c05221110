// Symmetric quantization of stored weights, and the measure of its error.
//
//   scale = max|w| / top over the elements that share it,  q = clamp(rint(w / scale), -top, top)
//   error = ||scale * q - w|| / ||w||   (relative L2 over the whole tensor)
#pragma once

#include <cstdint>

#include "src/ir/quant.h"
#include "src/ir/tensor.h"

namespace dsq {

struct StoredWeights {
  Tensor values;       // i8, or i4 for 4 bits
  QuantParams params;  // no zero points
  double error = 0;    // relative L2; 0 for a tensor of zeros
};

// `weights` are finite f32. bits: 4, 6 or 8 (6 lie in an i8 tensor). Granularity as in quant.h; axis >= 0.
StoredWeights store_weights(const Tensor& weights, const Granularity& granularity, int bits);

// One scale for each index of `axis`; while the error exceeds `limit`, twice as many groups of the other elements,
// down to groups of `unit` elements (a kernel window, so that partial sums run over whole input channels).
// There are at least `min_groups` groups, so that partial sums stay within int32.
StoredWeights store_within(const Tensor& weights, int32_t axis, int64_t unit, int bits, double limit,
                           int64_t min_groups = 1);

// The reals (f32) that a tensor of i8, u8, i4 or u4 stands for.
Tensor restore(const Tensor& values, const QuantParams& params);

// ||a - b|| / ||b||, in double; 0 when both are zero.
double relative_error(const Tensor& a, const Tensor& b);

}  // namespace dsq
