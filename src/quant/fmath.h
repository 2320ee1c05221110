// Transcendental functions from IEEE add and multiply only: the same bits on every machine and at every vector width,
// and fast because compilers vectorize them. Errors are stated against the exact value; tests/quant/fmath_test.cc
// checks them.
#pragma once

#include <bit>
#include <cstdint>

namespace dsq {

// e^x, error <= 2 ulp. Cody-Waite reduction by log 2, then a polynomial of degree 7 on [-log2/2, log2/2]
// (the coefficients of the Cephes library). 0 below -87.34, +Inf above 88.72, NaN for NaN.
inline float exp_f(float x) {
  const float low = x > -87.33654F ? x : -87.33654F;  // NaN too, which no integer could hold below
  const float clamped = low < 88.72283F ? low : 88.72283F;
  constexpr float kShift = 12582912.0F;
  const float shifted = clamped * 1.44269504088896341F + kShift;
  const float n = shifted - kShift;
  const float r = (clamped - n * 0.693145751953125F) - n * 1.428606820309417232e-6F;
  float p = 1.9875691500e-4F;
  p = p * r + 1.3981999507e-3F;
  p = p * r + 8.3334519073e-3F;
  p = p * r + 4.1665795894e-2F;
  p = p * r + 1.6666665459e-1F;
  p = p * r + 5.0000001201e-1F;
  p = p * (r * r) + r;
  p = p + 1.0F;
  // 2^n in two factors: n may be 128.
  const auto exponent = static_cast<int32_t>(n);
  const int32_t half = exponent >> 1;
  const float first = std::bit_cast<float>((half + 127) << 23);
  const float second = std::bit_cast<float>((exponent - half + 127) << 23);
  float y = p * first * second;
  y = x < -87.33654F ? 0.0F : y;
  y = x > 88.72283F ? std::bit_cast<float>(0x7F800000) : y;
  return x != x ? x : y;
}

// 1 / (1 + e^-x)
inline float sigmoid_f(float x) { return 1.0F / (1.0F + exp_f(-x)); }

// tanh x: an odd rational-free polynomial near zero, (1 - e^-2|x|) / (1 + e^-2|x|) elsewhere; error <= 4 ulp.
inline float tanh_f(float x) {
  const float a = x < 0.0F ? -x : x;
  const float e = exp_f(-2.0F * a);
  const float far = (1.0F - e) / (1.0F + e);
  const float s = x * x;
  float p = -5.70498872745e-3F;
  p = p * s + 2.06390887954e-2F;
  p = p * s + -5.37397155531e-2F;
  p = p * s + 1.33314422036e-1F;
  p = p * s + -3.33332819422e-1F;
  const float near = x + x * (s * p);
  const float signed_far = x < 0.0F ? -far : far;
  return a < 0.625F ? near : signed_far;
}

// erf x, error <= 4 ulp: a polynomial in x^2 below 0.92, 1 - exp(polynomial) above. Coefficients after the
// public-domain float erf of Norbert Juffa.
inline float erf_f(float x) {
  const float a = x < 0.0F ? -x : x;
  const float t = a > 4.0F ? 4.0F : a;
  const float s = t * t;
  float far = -1.72853470e-5F * t + 3.83197126e-4F;
  const float u = -3.88396438e-3F * t + 2.42546219e-2F;
  far = far * s + u;
  far = far * t + -1.06777877e-1F;
  far = far * t + -6.34846687e-1F;
  far = far * t + -1.28717512e-1F;
  far = far * t + -t;
  far = 1.0F - exp_f(far);
  float near = -5.96761703e-4F;
  near = near * s + 4.99119423e-3F;
  near = near * s + -2.67681349e-2F;
  near = near * s + 1.12819925e-1F;
  near = near * s + -3.76125336e-1F;
  near = near * s + 1.28379166e-1F;
  near = near * t + t;
  const float y = a > 0.927734375F ? far : near;
  const float signed_y = x < 0.0F ? -y : y;
  return x != x ? x : signed_y;
}

inline float gelu_f(float x) { return 0.5F * x * (1.0F + erf_f(x * 0.70710678118654752F)); }
inline float gelu_tanh_f(float x) {
  return 0.5F * x * (1.0F + tanh_f(0.79788456080286536F * (x + 0.044715F * x * x * x)));
}

}  // namespace dsq
