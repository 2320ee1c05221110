// THE arithmetic of quantization: one scalar source for every backend, as formats/dsq/SEMANTICS.md writes it down.
// IEEE binary32 in the order given, round half to even, no fused multiply-add (the build says -ffp-contract=off), so
// the same bits come out everywhere. No libm and no branches on data: compilers vectorize these loops exactly.
#pragma once

#include <cstdint>

#include "src/ir/dtype.h"

namespace dsq {

// Round half to even of |v| <= 2^22: adding 1.5 * 2^23 leaves no bits for the fraction.
inline float round_even(float v) {
  constexpr float kShift = 12582912.0F;
  return (v + kShift) - kShift;
}

// clamp(rint(v), low, high) for integers |low|, |high| <= 2^22. Clamping first gives the same and keeps round_even in
// its range. NaN becomes low.
inline int32_t saturate(float v, float low, float high) {
  v = v > low ? v : low;
  v = v < high ? v : high;
  return static_cast<int32_t>(round_even(v));
}

// The requantization of an exact integer: q = clamp(rint(float(acc) * m + b), low, high).
inline int32_t requantize(int32_t acc, float m, float b, float low, float high) {
  return saturate(static_cast<float>(acc) * m + b, low, high);
}

// ONNX QuantizeLinear: q = clamp(rint(x / scale) + zero, low, high).
inline int32_t quantize(float x, float scale, int32_t zero, int32_t low, int32_t high) {
  return saturate(x / scale, static_cast<float>(low - zero), static_cast<float>(high - zero)) + zero;
}

inline float dequantize(int32_t q, float scale, int32_t zero) { return static_cast<float>(q - zero) * scale; }

// The nearest of 16 ascending levels to v, the lower one on a tie: counts the midpoints below v.
inline int32_t nearest_level(float v, const int8_t* levels) {
  int32_t index = 0;
  for (int i = 0; i + 1 < 16; ++i) {
    index += v > (static_cast<float>(levels[i]) + static_cast<float>(levels[i + 1])) * 0.5F ? 1 : 0;
  }
  return index;
}

struct ScaleZero {
  float scale = 1;
  int32_t zero = 0;
};

// The smallest scale in use: a tensor of zeros, or of denormals, gets scale 1 instead.
inline constexpr float kMinScale = 1e-30F;

// Scale and zero point of an unsigned type with `steps` = 15 or 255 steps over [low, high], widened to hold zero. Zero
// is exact. Ranges taken at run time and calibrated ones use this same function.
inline ScaleZero affine_range(float low, float high, int32_t steps) {
  low = low < 0.0F ? low : 0.0F;
  high = high > 0.0F ? high : 0.0F;
  const float scale = (high - low) / static_cast<float>(steps);
  if (!(scale >= kMinScale)) {
    return {};
  }
  return {scale, saturate(-low / scale, 0.0F, static_cast<float>(steps))};
}

// Scale of a symmetric signed type: the largest magnitude maps to `top` (7 or 127).
inline float symmetric_scale(float magnitude, int32_t top) {
  const float scale = magnitude / static_cast<float>(top);
  return scale >= kMinScale ? scale : 1.0F;
}

}  // namespace dsq
