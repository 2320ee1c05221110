// The loops of one run (runs.h). What is written never overlaps what is read, and parameters that all elements share are
// held in registers: without both, bytes that might alias the parameters keep compilers from vectorizing.
#pragma once

#include <cstdint>

#include "src/ir/dtype.h"
#include "src/quant/math.h"

namespace dsq::onednn {

struct Limits {
  float low;
  float high;
};

template <int step, class T>
inline T at_step(const T* values, T first, int64_t i) {
  return step == 0 ? first : values[i];
}

template <int step, class T>
void quantize_run(const float* __restrict x, int64_t count, const float* __restrict scale,
                  const int32_t* __restrict zero, const IntRange& range, T* __restrict out) {
  const auto low = static_cast<int32_t>(range.low);
  const auto high = static_cast<int32_t>(range.high);
  const float scale0 = scale[0];
  const int32_t zero0 = zero[0];
  for (int64_t i = 0; i < count; ++i) {
    out[i] =
        static_cast<T>(dsq::quantize(x[i], at_step<step>(scale, scale0, i), at_step<step>(zero, zero0, i), low, high));
  }
}

template <int step, class T>
void dequantize_run(const T* __restrict in, int64_t count, const float* __restrict scale,
                    const int32_t* __restrict zero, float* __restrict out) {
  const float scale0 = scale[0];
  const int32_t zero0 = zero[0];
  for (int64_t i = 0; i < count; ++i) {
    out[i] =
        dsq::dequantize(static_cast<int32_t>(in[i]), at_step<step>(scale, scale0, i), at_step<step>(zero, zero0, i));
  }
}

template <int step, class X, class Y>
void requantize_run(const X* __restrict in, int64_t count, const int32_t* __restrict zero, const float* __restrict m,
                    const float* __restrict b, Limits limits, Y* __restrict out) {
  const int32_t zero0 = zero[0];
  const float m0 = m[0];
  const float b0 = b[0];
  for (int64_t i = 0; i < count; ++i) {
    out[i] = static_cast<Y>(dsq::requantize(static_cast<int32_t>(in[i]) - at_step<step>(zero, zero0, i),
                                            at_step<step>(m, m0, i), at_step<step>(b, b0, i), limits.low, limits.high));
  }
}

// One side of a qadd: (q - zero) * m.
template <class T>
struct Side {
  const T* q;
  const int32_t* zero;
  const float* m;
};

template <int step, class A, class B, class Y>
void qadd_run(const Side<A>& left, const Side<B>& right, int64_t count, const float* __restrict shift, Limits limits,
              Y* __restrict out) {
  const A* __restrict a = left.q;
  const B* __restrict b = right.q;
  const int32_t* __restrict za = left.zero;
  const int32_t* __restrict zb = right.zero;
  const float* __restrict ma = left.m;
  const float* __restrict mb = right.m;
  const int32_t za0 = za[0];
  const int32_t zb0 = zb[0];
  const float ma0 = ma[0];
  const float mb0 = mb[0];
  const float shift0 = shift[0];
  for (int64_t i = 0; i < count; ++i) {
    const auto x = static_cast<float>(static_cast<int32_t>(a[i]) - at_step<step>(za, za0, i));
    const auto y = static_cast<float>(static_cast<int32_t>(b[i]) - at_step<step>(zb, zb0, i));
    out[i] = static_cast<Y>(
        saturate((x * at_step<step>(ma, ma0, i) + y * at_step<step>(mb, mb0, i)) + at_step<step>(shift, shift0, i),
                 limits.low, limits.high));
  }
}

}  // namespace dsq::onednn
