// Functions of one element, and casts.
#include <cmath>
#include <limits>

#include "src/ir/half.h"
#include "src/quant/fmath.h"
#include "src/runner/portable/activation.h"
#include "src/runner/portable/convert.h"
#include "src/runner/portable/dispatch.h"
#include "src/runner/portable/kernels.h"
#include "src/support/parallel.h"

namespace dsq::portable {
namespace {

constexpr int64_t kGrain = 1 << 14;

template <class In, class Out, class F>
Result<void> map(const Call& call, F f) {
  const In* in = raw<In>(call.input(0));
  Out* out = raw<Out>(call.output());
  parallel_for(call.input(0).count(), kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      out[i] = static_cast<Out>(f(in[i]));
    }
  });
  return {};
}

template <class F>
Result<void> map_float(const Call& call, F f) {
  if (call.input(0).dtype() == DType::f64) {
    return map<double, double>(call, [&](double x) { return static_cast<double>(f(static_cast<float>(x))); });
  }
  if (call.input(0).dtype() != DType::f32) {
    return unsupported(call, call.input(0).dtype());
  }
  return map<float, float>(call, f);
}

template <class F>
Result<void> ask_float(const Call& call, F f) {
  switch (call.input(0).dtype()) {
    case DType::f64: return map<double, bool>(call, f);
    case DType::f32: return map<float, bool>(call, f);
    default: return unsupported(call, call.input(0).dtype());
  }
}

// Functions that integers have too.
template <class F>
Result<void> map_number(const Call& call, F f) {
  return for_number(call, call.input(0).dtype(), [&]<class T>(T) { return map<T, T>(call, f); });
}

}  // namespace

Result<void> unary(const Call& call) {
  const auto params = [&] { return call.attrs<UnaryAttrs>(); };
  using enum OpKind;
  switch (call.node.op) {
    case abs: return map_number(call, [](auto x) { return x < 0 ? negated(x) : x; });
    case neg: return map_number(call, [](auto x) { return negated(x); });
    case sign: return map_number(call, [](auto x) { return static_cast<decltype(x)>((x > 0) - (x < 0)); });
    case relu: return map_number(call, [](auto x) { return x > 0 ? x : (x == x ? decltype(x){0} : x); });
    case identity: return map_number(call, [](auto x) { return x; });
    case acos: return map_float(call, [](float x) { return std::acos(x); });
    case acosh: return map_float(call, [](float x) { return std::acosh(x); });
    case asin: return map_float(call, [](float x) { return std::asin(x); });
    case asinh: return map_float(call, [](float x) { return std::asinh(x); });
    case atan: return map_float(call, [](float x) { return std::atan(x); });
    case atanh: return map_float(call, [](float x) { return std::atanh(x); });
    case ceil: return map_float(call, [](float x) { return std::ceil(x); });
    case cos: return map_float(call, [](float x) { return std::cos(x); });
    case cosh: return map_float(call, [](float x) { return std::cosh(x); });
    case erf: return map_float(call, [](float x) { return erf_f(x); });
    case exp: return map_float(call, [](float x) { return exp_f(x); });
    case floor: return map_float(call, [](float x) { return std::floor(x); });
    case hard_swish: return map_float(call, [](float x) { return hard_swish_f(x); });
    case log: return map_float(call, [](float x) { return std::log(x); });
    case mish: return map_float(call, [](float x) { return x * tanh_f(softplus_f(x)); });
    case reciprocal: return map_float(call, [](float x) { return 1.0F / x; });
    case round: return map_float(call, [](float x) { return std::nearbyint(x); });
    case sigmoid: return map_float(call, [](float x) { return sigmoid_f(x); });
    case silu: return map_float(call, [](float x) { return silu_f(x); });
    case sin: return map_float(call, [](float x) { return std::sin(x); });
    case sinh: return map_float(call, [](float x) { return std::sinh(x); });
    case softplus: return map_float(call, [](float x) { return softplus_f(x); });
    case softsign: return map_float(call, [](float x) { return x / (1.0F + std::fabs(x)); });
    case sqrt: return map_float(call, [](float x) { return std::sqrt(x); });
    case tan: return map_float(call, [](float x) { return std::tan(x); });
    case tanh: return map_float(call, [](float x) { return tanh_f(x); });
    case celu: {
      const float a = params().alpha;
      return map_float(call, [a](float x) { return x > 0.0F ? x : a * (exp_f(x / a) - 1.0F); });
    }
    case elu: {
      const float a = params().alpha;
      return map_float(call, [a](float x) { return elu_f(x, a); });
    }
    case gelu:
      return params().alpha != 0.0F ? map_float(call, [](float x) { return gelu_tanh_f(x); })
                                    : map_float(call, [](float x) { return gelu_f(x); });
    case hard_sigmoid: {
      const auto [a, b] = params();
      return map_float(call, [a = a, b = b](float x) { return hard_sigmoid_f(x, a, b); });
    }
    case leaky_relu: {
      const float a = params().alpha;
      return map_float(call, [a](float x) { return x < 0.0F ? a * x : x; });
    }
    case selu: {
      const auto [a, g] = params();
      return map_float(call, [a = a, g = g](float x) { return x > 0.0F ? g * x : g * a * (exp_f(x) - 1.0F); });
    }
    case shrink: {
      const auto [lambd, bias] = params();
      return map_number(call, [l = lambd, b = bias](auto x) {
        using T = decltype(x);
        const auto v = static_cast<float>(x);
        return v < -l ? converted<T>(v + b) : (v > l ? converted<T>(v - b) : T{0});
      });
    }
    case thresholded_relu: {
      const float a = params().alpha;
      return map_float(call, [a](float x) { return x > a ? x : 0.0F; });
    }
    default: return unsupported(call, call.input(0).dtype());
  }
}

namespace {

// f(i) gives element i of the input as float, double or an integer.
template <class F>
Result<void> cast_from(const Call& call, F get) {
  const int64_t count = call.input(0).count();
  Tensor& out = call.output();
  const auto fill = [&]<class T>(T) {
    T* to = raw<T>(out);
    parallel_for(count, kGrain, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        to[i] = converted<T>(get(i));
      }
    });
    return Result<void>();
  };
  const auto fill_half = [&](auto narrow) {
    auto* to = raw<uint16_t>(out);
    for (int64_t i = 0; i < count; ++i) {
      to[i] = narrow(converted<float>(get(i)));
    }
    return Result<void>();
  };
  switch (out.dtype()) {
    case DType::boolean: return fill(bool{});
    case DType::f16: return fill_half(f32_to_f16);
    case DType::bf16: return fill_half(f32_to_bf16);
    case DType::i4:
    case DType::u4: {
      std::byte* packed = out.mutable_bytes().data();
      for (int64_t i = 0; i < count; ++i) {
        set_nibble(packed, i, static_cast<int>(converted<int32_t>(get(i))));
      }
      return {};
    }
    default: return for_number(call, out.dtype(), fill);
  }
}

}  // namespace

Result<void> cast(const Call& call) {
  const Tensor& in = call.input(0);
  switch (in.dtype()) {
    case DType::boolean:
      return cast_from(call, [p = raw<uint8_t>(in)](int64_t i) { return static_cast<int32_t>(p[i] != 0); });
    case DType::f16: return cast_from(call, [p = raw<uint16_t>(in)](int64_t i) { return f16_to_f32(p[i]); });
    case DType::bf16: return cast_from(call, [p = raw<uint16_t>(in)](int64_t i) { return bf16_to_f32(p[i]); });
    case DType::i4:
    case DType::u4: {
      const bool is_signed = in.dtype() == DType::i4;
      return cast_from(call, [p = in.bytes().data(), is_signed](int64_t i) { return get_nibble(p, i, is_signed); });
    }
    default:
      return for_number(call, in.dtype(),
                        [&]<class T>(T) { return cast_from(call, [p = raw<T>(in)](int64_t i) { return p[i]; }); });
  }
}

Result<void> classify(const Call& call) {
  switch (call.node.op) {
    case OpKind::is_nan: return ask_float(call, [](auto x) { return x != x; });
    case OpKind::is_inf: {
      const auto& attrs = call.attrs<FlagAttrs>();
      return ask_float(call, [&](auto x) { return std::isinf(x) && (x > 0 ? attrs.flag : attrs.other); });
    }
    case OpKind::logical_not: return map<bool, bool>(call, [](bool x) { return !x; });
    default:
      return for_integer(call, call.input(0).dtype(),
                         [&]<class T>(T) { return map<T, T>(call, [](T x) { return static_cast<T>(~x); }); });
  }
}

}  // namespace dsq::portable
