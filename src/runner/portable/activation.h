// The functions that layers apply to their results (Activation), shared with the unary operators.
#pragma once

#include <cmath>

#include "src/ir/attrs.h"
#include "src/quant/fmath.h"

namespace dsq::portable {

inline float hard_sigmoid_f(float x, float a, float b) {
  const float y = a * x + b;
  return y < 0.0F ? 0.0F : (y > 1.0F ? 1.0F : y);
}
inline float hard_swish_f(float x) { return x * hard_sigmoid_f(x, 1.0F / 6.0F, 0.5F); }
inline float silu_f(float x) { return x * sigmoid_f(x); }
inline float elu_f(float x, float a) { return x > 0.0F ? x : a * (exp_f(x) - 1.0F); }
inline float softplus_f(float x) { return (x > 0.0F ? x : 0.0F) + std::log1p(exp_f(x > 0.0F ? -x : x)); }
inline float clip_f(float x, float low, float high) { return x < low ? low : (x > high ? high : x); }

// f(function of float) with the activation as a function object, so that loops are compiled for each kind.
template <class F>
void with_activation(const Activation& act, F f) {
  const float a = act.a;
  const float b = act.b;
  switch (act.kind) {
    case ActKind::none: return f([](float x) { return x; });
    case ActKind::clip: return f([a, b](float x) { return clip_f(x, a, b); });
    case ActKind::leaky_relu: return f([a](float x) { return x < 0.0F ? a * x : x; });
    case ActKind::hard_sigmoid: return f([a, b](float x) { return hard_sigmoid_f(x, a, b); });
    case ActKind::hard_swish: return f([](float x) { return hard_swish_f(x); });
    case ActKind::sigmoid: return f([](float x) { return sigmoid_f(x); });
    case ActKind::silu: return f([](float x) { return silu_f(x); });
    case ActKind::tanh: return f([](float x) { return tanh_f(x); });
    case ActKind::gelu: return f([](float x) { return gelu_f(x); });
    case ActKind::gelu_tanh: return f([](float x) { return gelu_tanh_f(x); });
    case ActKind::elu: return f([a](float x) { return elu_f(x, a); });
  }
}

inline void apply(const Activation& act, float* values, int64_t count) {
  with_activation(act, [&](auto f) {
    for (int64_t i = 0; i < count; ++i) {
      values[i] = f(values[i]);
    }
  });
}

}  // namespace dsq::portable
