// Functions of two or three elements, with broadcasting.
#include <cmath>
#include <limits>

#include "src/runner/portable/activation.h"
#include "src/runner/portable/broadcast.h"
#include "src/runner/portable/convert.h"
#include "src/runner/portable/dispatch.h"
#include "src/runner/portable/kernels.h"

namespace dsq::portable {
namespace {

template <class In, class Out, class F>
Result<void> map2(const Call& call, F f) {
  map_binary(call.output().shape(), call.input(0).shape(), call.input(1).shape(), raw<In>(call.input(0)),
             raw<In>(call.input(1)), raw<Out>(call.output()), f);
  return {};
}

template <class T>
T power(T base, double exponent) {
  if constexpr (std::is_integral_v<T>) {
    return converted<T>(std::pow(static_cast<double>(base), exponent));
  } else {
    return exponent == 2.0   ? base * base
           : exponent == 0.5 ? std::sqrt(base)
                             : static_cast<T>(std::pow(base, static_cast<T>(exponent)));
  }
}

// C truncates; ONNX mod without fmod follows the sign of the divisor.
template <class T>
T modulo(T a, T b, bool truncate) {
  if constexpr (std::is_integral_v<T>) {
    if (b == 0 || (std::is_signed_v<T> && b == static_cast<T>(-1))) {
      return T{0};
    }
    const T r = static_cast<T>(a % b);
    return !truncate && r != 0 && (r < 0) != (b < 0) ? static_cast<T>(r + b) : r;
  } else {
    const T r = std::fmod(a, b);
    return !truncate && r != 0 && (r < 0) != (b < 0) ? r + b : r;
  }
}

template <class T>
T quotient(T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    // Division by zero traps in C++; there is no right answer, so it is 0. The lowest value over -1 wraps.
    if (b == 0) {
      return T{0};
    }
    return std::is_signed_v<T> && b == static_cast<T>(-1) ? negated(a) : static_cast<T>(a / b);
  } else {
    return a / b;
  }
}

template <class T>
Result<void> arithmetic_of(const Call& call) {
  using enum OpKind;
  switch (call.node.op) {
    case add: return map2<T, T>(call, [](T a, T b) { return wrapping(a, b, std::plus<>()); });
    case sub: return map2<T, T>(call, [](T a, T b) { return wrapping(a, b, std::minus<>()); });
    case mul: return map2<T, T>(call, [](T a, T b) { return wrapping(a, b, std::multiplies<>()); });
    case div: return map2<T, T>(call, [](T a, T b) { return quotient(a, b); });
    case max: return map2<T, T>(call, [](T a, T b) { return a != a || a > b ? a : b; });
    case min: return map2<T, T>(call, [](T a, T b) { return a != a || a < b ? a : b; });
    case prelu:
      return map2<T, T>(call, [](T a, T slope) { return a < 0 ? wrapping(a, slope, std::multiplies<>()) : a; });
    case mod: {
      const bool truncate = call.attrs<FlagAttrs>().flag;
      return map2<T, T>(call, [truncate](T a, T b) { return modulo(a, b, truncate); });
    }
    default: return unsupported(call, call.input(0).dtype());
  }
}

Result<void> raise(const Call& call) {
  const Tensor& exponents = call.input(1);
  return for_number(call, call.input(0).dtype(), [&]<class T>(T) -> Result<void> {
    const T* base = raw<T>(call.input(0));
    T* out = raw<T>(call.output());
    const BroadcastPlan<2> plan =
        plan_broadcast<2>(call.output().shape(), {&call.input(0).shape(), &exponents.shape()});
    for_each_row(plan, [&](int64_t at, const std::array<int64_t, 2>& offset) {
      for (int64_t i = 0; i < plan.inner(); ++i) {
        out[at + i] =
            power(base[offset[0] + i * plan.inner_stride(0)], element(exponents, offset[1] + i * plan.inner_stride(1)));
      }
    });
    return {};
  });
}

}  // namespace

Result<void> arithmetic(const Call& call) {
  if (call.node.op == OpKind::pow) {
    return raise(call);
  }
  DSQ_TRY(for_number(call, call.output().dtype(), [&]<class T>(T) { return arithmetic_of<T>(call); }));
  const ActAttrs* act = std::get_if<ActAttrs>(&call.node.attrs);
  if (act != nullptr && act->act != ActKind::none) {
    apply(act->activation(), raw<float>(call.output()), call.output().count());
  }
  return {};
}

Result<void> compare(const Call& call) {
  const auto by = [&]<class T>(T) -> Result<void> {
    switch (call.node.op) {
      case OpKind::equal: return map2<T, bool>(call, [](T a, T b) { return a == b; });
      case OpKind::greater: return map2<T, bool>(call, [](T a, T b) { return a > b; });
      case OpKind::greater_equal: return map2<T, bool>(call, [](T a, T b) { return a >= b; });
      case OpKind::less: return map2<T, bool>(call, [](T a, T b) { return a < b; });
      case OpKind::less_equal: return map2<T, bool>(call, [](T a, T b) { return a <= b; });
      case OpKind::logical_and: return map2<T, bool>(call, [](T a, T b) { return a && b; });
      case OpKind::logical_or: return map2<T, bool>(call, [](T a, T b) { return a || b; });
      case OpKind::logical_xor: return map2<T, bool>(call, [](T a, T b) { return !a != !b; });
      default: return unsupported(call, call.input(0).dtype());
    }
  };
  return call.input(0).dtype() == DType::boolean ? by(uint8_t{}) : for_number(call, call.input(0).dtype(), by);
}

Result<void> bitwise(const Call& call) {
  return for_integer(call, call.input(0).dtype(), [&]<class T>(T) -> Result<void> {
    switch (call.node.op) {
      case OpKind::bitwise_and: return map2<T, T>(call, [](T a, T b) { return static_cast<T>(a & b); });
      case OpKind::bitwise_or: return map2<T, T>(call, [](T a, T b) { return static_cast<T>(a | b); });
      case OpKind::bitwise_xor: return map2<T, T>(call, [](T a, T b) { return static_cast<T>(a ^ b); });
      default: {
        using U = std::make_unsigned_t<T>;
        const bool left = call.attrs<FlagAttrs>().flag;
        return map2<T, T>(call, [left](T a, T b) {
          const auto by = static_cast<uint64_t>(b);  // of what is negative, very many
          if (by >= sizeof(T) * 8) {
            return static_cast<T>(!left && a < 0 ? -1 : 0);
          }
          return left ? static_cast<T>(static_cast<uint64_t>(static_cast<U>(a)) << by) : static_cast<T>(a >> by);
        });
      }
    }
  });
}

Result<void> where(const Call& call) {
  return for_width(call, call.output().dtype(), [&]<class T>(T) -> Result<void> {
    const auto* condition = raw<uint8_t>(call.input(0));
    const T* a = raw<T>(call.input(1));
    const T* b = raw<T>(call.input(2));
    T* out = raw<T>(call.output());
    const BroadcastPlan<3> plan = plan_broadcast<3>(
        call.output().shape(), {&call.input(0).shape(), &call.input(1).shape(), &call.input(2).shape()});
    const std::array<int64_t, 3> step = {plan.inner_stride(0), plan.inner_stride(1), plan.inner_stride(2)};
    for_each_row(plan, [&](int64_t at, const std::array<int64_t, 3>& offset) {
      for (int64_t i = 0; i < plan.inner(); ++i) {
        out[at + i] = condition[offset[0] + i * step[0]] != 0 ? a[offset[1] + i * step[1]] : b[offset[2] + i * step[2]];
      }
    });
    return {};
  });
}

Result<void> clip(const Call& call) {
  return for_number(call, call.input(0).dtype(), [&]<class T>(T) -> Result<void> {
    const T low = call.has(1) ? raw<T>(call.input(1))[0] : std::numeric_limits<T>::lowest();
    const T high = call.has(2) ? raw<T>(call.input(2))[0] : std::numeric_limits<T>::max();
    const T* in = raw<T>(call.input(0));
    T* out = raw<T>(call.output());
    parallel_for(call.input(0).count(), 1 << 14, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        // high wins when the bounds cross, as in ONNX
        const T raised = in[i] < low ? low : in[i];
        out[i] = raised > high ? high : raised;
      }
    });
    return {};
  });
}

}  // namespace dsq::portable
