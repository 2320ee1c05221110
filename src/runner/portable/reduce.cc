// Reductions, arg_max, topk, cumulative sums and the softmax family.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "src/quant/fmath.h"
#include "src/runner/portable/convert.h"
#include "src/runner/portable/dispatch.h"
#include "src/runner/portable/kernels.h"
#include "src/support/parallel.h"

namespace dsq::portable {
namespace {

// An axis of a row-major tensor as outer x length x inner.
struct AxisView {
  int64_t outer = 1;
  int64_t length = 1;
  int64_t inner = 1;
};

AxisView axis_view(const Shape& shape, int64_t axis) {
  const auto at = static_cast<size_t>(axis < 0 ? axis + static_cast<int64_t>(shape.size()) : axis);
  AxisView view;
  for (size_t i = 0; i < shape.size(); ++i) {
    (i < at ? view.outer : i == at ? view.length : view.inner) *= shape[i];
  }
  return view;
}

// The elements that are reduced into one result: their offsets, and the offset of each result.
struct ReducePlan {
  Shape kept;
  Shape kept_strides;
  Shape reduced;
  Shape reduced_strides;
};

std::vector<int64_t> offsets_of(const Shape& shape, const Shape& strides) {
  std::vector<int64_t> offsets(static_cast<size_t>(count_of(shape)), 0);
  for (size_t i = 0; i < offsets.size(); ++i) {
    auto rest = static_cast<int64_t>(i);
    for (size_t d = shape.size(); d-- > 0;) {
      offsets[i] += rest % shape[d] * strides[d];
      rest /= shape[d];
    }
  }
  return offsets;
}

ReducePlan plan_reduce(const Call& call) {
  const Shape& shape = call.input(0).shape();
  const auto rank = static_cast<int64_t>(shape.size());
  std::vector<bool> is_reduced(shape.size(), false);
  const std::vector<int64_t> axes = call.has(1) ? to_ints(call.input(1)) : std::vector<int64_t>{};
  if (axes.empty() && !call.attrs<ReduceAttrs>().noop_with_empty_axes) {
    is_reduced.assign(shape.size(), true);
  }
  for (const int64_t axis : axes) {
    is_reduced[static_cast<size_t>(axis < 0 ? axis + rank : axis)] = true;
  }
  const Shape strides = strides_of(shape);
  ReducePlan plan;
  for (size_t i = 0; i < shape.size(); ++i) {
    (is_reduced[i] ? plan.reduced : plan.kept).push_back(shape[i]);
    (is_reduced[i] ? plan.reduced_strides : plan.kept_strides).push_back(strides[i]);
  }
  return plan;
}

// Accumulates in double (floats) or wrapping 64-bit integers, in element order: one definition, no drift.
template <class T, class Step, class Finish>
void reduce_with(const Call& call, double first, Step step, Finish finish) {
  const ReducePlan plan = plan_reduce(call);
  const std::vector<int64_t> inner = offsets_of(plan.reduced, plan.reduced_strides);
  const std::vector<int64_t> outer = offsets_of(plan.kept, plan.kept_strides);
  const T* in = raw<T>(call.input(0));
  T* out = raw<T>(call.output());
  const auto count = static_cast<int64_t>(inner.size());
  parallel_for(static_cast<int64_t>(outer.size()), std::max<int64_t>(1, (1 << 13) / std::max<int64_t>(count, 1)),
               [&](int64_t begin, int64_t end) {
                 for (int64_t o = begin; o < end; ++o) {
                   const T* from = in + outer[static_cast<size_t>(o)];
                   using Total = std::conditional_t<std::is_integral_v<T>, int64_t, double>;
                   Total sum = static_cast<Total>(first);
                   for (const int64_t offset : inner) {
                     sum = step(sum, static_cast<Total>(from[offset]));
                   }
                   out[o] = converted<T>(finish(sum, count));
                 }
               });
}

template <class T>
void log_sum_exp(const Call& call) {
  const ReducePlan plan = plan_reduce(call);
  const std::vector<int64_t> inner = offsets_of(plan.reduced, plan.reduced_strides);
  const std::vector<int64_t> outer = offsets_of(plan.kept, plan.kept_strides);
  const T* in = raw<T>(call.input(0));
  T* out = raw<T>(call.output());
  for (size_t o = 0; o < outer.size(); ++o) {
    double peak = -std::numeric_limits<double>::infinity();
    for (const int64_t offset : inner) {
      peak = std::max(peak, static_cast<double>(in[outer[o] + offset]));
    }
    const double shift = std::isfinite(peak) ? peak : 0.0;
    double sum = 0;
    for (const int64_t offset : inner) {
      sum += std::exp(static_cast<double>(in[outer[o] + offset]) - shift);
    }
    out[o] = converted<T>(std::log(sum) + shift);
  }
}

template <class T>
void reduce_as(const Call& call) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  const auto same = [](auto s, int64_t) { return s; };
  const auto plus = [](auto s, auto x) { return wrapping(s, x, std::plus<>()); };
  const auto times = [](auto s, auto x) { return wrapping(s, x, std::multiplies<>()); };
  const auto plus_square = [=](auto s, auto x) { return plus(s, times(x, x)); };
  const auto plus_size = [=](auto s, auto x) { return x < 0 ? wrapping(s, x, std::minus<>()) : plus(s, x); };
  using enum OpKind;
  switch (call.node.op) {
    case reduce_sum: return reduce_with<T>(call, 0, plus, same);
    case reduce_mean:
      return reduce_with<T>(call, 0, plus,
                            [](auto s, int64_t n) { return n == 0 ? decltype(s){} : s / static_cast<decltype(s)>(n); });
    case reduce_prod: return reduce_with<T>(call, 1, times, same);
    case reduce_l1: return reduce_with<T>(call, 0, plus_size, same);
    case reduce_sum_square: return reduce_with<T>(call, 0, plus_square, same);
    case reduce_l2:
      return reduce_with<T>(call, 0, plus_square, [](auto s, int64_t) { return std::sqrt(static_cast<double>(s)); });
    case reduce_log_sum:
      return reduce_with<T>(call, 0, plus, [](auto s, int64_t) { return std::log(static_cast<double>(s)); });
    case reduce_log_sum_exp: return log_sum_exp<T>(call);
    case reduce_max:
      return reduce_with<T>(
          call, std::is_integral_v<T> ? static_cast<double>(std::numeric_limits<int64_t>::lowest()) : -kInf,
          [](auto s, auto x) { return x != x || x > s ? x : s; }, same);
    default:
      // 2^63 - 1024 is the largest double below 2^63; no integer tensor of at most 32 bits reaches it.
      return reduce_with<T>(
          call, std::is_integral_v<T> ? 9223372036854774784.0 : kInf,
          [](auto s, auto x) { return x != x || x < s ? x : s; }, same);
  }
}

}  // namespace

Result<void> reduce(const Call& call) {
  if (call.input(0).dtype() == DType::boolean &&
      (call.node.op == OpKind::reduce_max || call.node.op == OpKind::reduce_min)) {
    reduce_as<uint8_t>(call);
    return {};
  }
  return for_number(call, call.input(0).dtype(), [&]<class T>(T) -> Result<void> {
    reduce_as<T>(call);
    return {};
  });
}

Result<void> arg(const Call& call) {
  const auto& attrs = call.attrs<ArgAttrs>();
  const AxisView view = axis_view(call.input(0).shape(), attrs.axis);
  const bool largest = call.node.op == OpKind::arg_max;
  auto* out = raw<int64_t>(call.output());
  return for_number(call, call.input(0).dtype(), [&]<class T>(T) -> Result<void> {
    const T* in = raw<T>(call.input(0));
    for (int64_t o = 0; o < view.outer; ++o) {
      for (int64_t i = 0; i < view.inner; ++i) {
        const T* from = in + o * view.length * view.inner + i;
        int64_t best = 0;
        for (int64_t k = 1; k < view.length; ++k) {
          const T x = from[k * view.inner];
          const T y = from[best * view.inner];
          const bool better = largest ? x > y : x < y;
          best = better || (attrs.select_last && x == y) ? k : best;
        }
        out[o * view.inner + i] = best;
      }
    }
    return {};
  });
}

Result<void> topk(const Call& call) {
  const auto& attrs = call.attrs<TopKAttrs>();
  const AxisView view = axis_view(call.input(0).shape(), attrs.axis);
  if (!call.wants(0) && !call.wants(1)) {
    return {};
  }
  const int64_t k = axis_view(call.output(call.wants(0) ? 0 : 1).shape(), attrs.axis).length;
  return for_number(call, call.input(0).dtype(), [&]<class T>(T) -> Result<void> {
    const T* in = raw<T>(call.input(0));
    T* values = call.wants(0) ? raw<T>(call.output(0)) : nullptr;
    int64_t* indices = call.wants(1) ? raw<int64_t>(call.output(1)) : nullptr;
    std::vector<int64_t> order(static_cast<size_t>(view.length));
    for (int64_t o = 0; o < view.outer; ++o) {
      for (int64_t i = 0; i < view.inner; ++i) {
        const T* from = in + o * view.length * view.inner + i;
        std::iota(order.begin(), order.end(), int64_t{0});
        // Ties go to the lower index.
        std::partial_sort(order.begin(), order.begin() + k, order.end(), [&](int64_t a, int64_t b) {
          const T x = from[a * view.inner];
          const T y = from[b * view.inner];
          return x != y ? (attrs.largest ? x > y : x < y) : a < b;
        });
        for (int64_t j = 0; j < k; ++j) {
          const int64_t at = (o * k + j) * view.inner + i;
          const int64_t chosen = order[static_cast<size_t>(j)];
          if (values != nullptr) {
            values[at] = from[chosen * view.inner];
          }
          if (indices != nullptr) {
            indices[at] = chosen;
          }
        }
      }
    }
    return {};
  });
}

Result<void> cumsum(const Call& call) {
  const auto& attrs = call.attrs<CumSumAttrs>();
  const int64_t axis = DSQ_TRY(normalize_axis(to_ints(call.input(1)).at(0), call.input(0).rank()));
  const AxisView view = axis_view(call.input(0).shape(), axis);
  return for_number(call, call.input(0).dtype(), [&]<class T>(T) -> Result<void> {
    const T* in = raw<T>(call.input(0));
    T* out = raw<T>(call.output());
    for (int64_t o = 0; o < view.outer; ++o) {
      for (int64_t i = 0; i < view.inner; ++i) {
        Sum<T> sum{};
        for (int64_t step = 0; step < view.length; ++step) {
          const int64_t k = attrs.reverse ? view.length - 1 - step : step;
          const int64_t at = (o * view.length + k) * view.inner + i;
          const Sum<T> before = sum;
          sum += static_cast<Sum<T>>(in[at]);
          out[at] = static_cast<T>(attrs.exclusive ? before : sum);
        }
      }
    }
    return {};
  });
}

namespace {

// One softmax over `length` elements `stride` apart. Sums run in element order.
void softmax_row(const float* in, float* out, int64_t length, int64_t stride, bool log) {
  float peak = -std::numeric_limits<float>::infinity();
  for (int64_t k = 0; k < length; ++k) {
    peak = std::max(peak, in[k * stride]);
  }
  double sum = 0;
  for (int64_t k = 0; k < length; ++k) {
    out[k * stride] = exp_f(in[k * stride] - peak);
  }
  for (int64_t k = 0; k < length; ++k) {
    sum += out[k * stride];
  }
  const auto scale = static_cast<float>(1.0 / sum);
  const auto shift = static_cast<float>(std::log(sum));
  for (int64_t k = 0; k < length; ++k) {
    out[k * stride] = log ? in[k * stride] - peak - shift : out[k * stride] * scale;
  }
}

}  // namespace

Result<void> softmax(const Call& call) {
  if (call.input(0).dtype() != DType::f32) {
    return unsupported(call, call.input(0).dtype());
  }
  const AxisView view = axis_view(call.input(0).shape(), call.attrs<AxisAttrs>().axis);
  const auto* in = raw<float>(call.input(0));
  auto* out = raw<float>(call.output());
  const bool log = call.node.op == OpKind::log_softmax;
  const bool hard = call.node.op == OpKind::hardmax;
  parallel_for(view.outer * view.inner, std::max<int64_t>(1, (1 << 12) / std::max<int64_t>(view.length, 1)),
               [&](int64_t begin, int64_t end) {
                 for (int64_t row = begin; row < end; ++row) {
                   const int64_t at = row / view.inner * view.length * view.inner + row % view.inner;
                   if (!hard) {
                     softmax_row(in + at, out + at, view.length, view.inner, log);
                     continue;
                   }
                   int64_t best = 0;
                   for (int64_t k = 0; k < view.length; ++k) {
                     best = in[at + k * view.inner] > in[at + best * view.inner] ? k : best;
                     out[at + k * view.inner] = 0.0F;
                   }
                   out[at + best * view.inner] = 1.0F;
                 }
               });
  return {};
}

}  // namespace dsq::portable
