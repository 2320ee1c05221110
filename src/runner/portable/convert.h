// From one type of numbers to another, and sums and products of integers, defined for every number.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <type_traits>

namespace dsq::portable {

template <class To, class From>
To converted(From x) {
  if constexpr (std::is_same_v<To, bool>) {
    return x != From{0};
  } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    // Out of range is undefined in C++ and in ONNX; the result here is the bound, and 0 for NaN.
    constexpr double kLow = static_cast<double>(std::numeric_limits<To>::lowest());
    constexpr double kHigh = static_cast<double>(std::numeric_limits<To>::max());
    const auto v = static_cast<double>(x);
    return v != v       ? To{0}
           : v <= kLow  ? std::numeric_limits<To>::lowest()
           : v >= kHigh ? std::numeric_limits<To>::max()
                        : static_cast<To>(x);
  } else {
    return static_cast<To>(x);
  }
}

// f(a, b) for sums and products: integers wrap, computed on unsigned numbers.
template <class T, class F>
T wrapping(T a, T b, F f) {
  if constexpr (std::is_integral_v<T>) {
    return static_cast<T>(f(static_cast<uint64_t>(a), static_cast<uint64_t>(b)));
  } else {
    return f(a, b);
  }
}

template <class T>
T negated(T x) {
  if constexpr (std::is_integral_v<T>) {
    return wrapping(T{0}, x, std::minus<>());
  } else {
    return -x;
  }
}

// What sums of products of T are added up in. Integers wrap, so theirs has no sign.
template <class T>
using Sum = std::conditional_t<std::is_integral_v<T>, uint64_t, double>;

}  // namespace dsq::portable
