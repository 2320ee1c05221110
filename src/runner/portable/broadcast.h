// Walks an output shape together with inputs that broadcast to it. Adjacent axes are merged where every operand
// allows it, so the inner loop is as long as possible.
#pragma once

#include <array>

#include "src/ir/shape.h"
#include "src/support/parallel.h"

namespace dsq::portable {

template <size_t N>
struct BroadcastPlan {
  Shape shape;                   // merged output dimensions
  std::array<Shape, N> strides;  // of each input, in elements; 0 where it is repeated
  int64_t inner() const { return shape.empty() ? 1 : shape.back(); }
  int64_t inner_stride(size_t n) const { return strides[n].empty() ? 0 : strides[n].back(); }
};

template <size_t N>
BroadcastPlan<N> plan_broadcast(const Shape& out, const std::array<const Shape*, N>& inputs) {
  BroadcastPlan<N> plan;
  std::array<Shape, N> full;
  for (size_t n = 0; n < N; ++n) {
    const Shape own = strides_of(*inputs[n]);
    full[n].assign(out.size(), 0);
    const size_t skip = out.size() - inputs[n]->size();
    for (size_t i = 0; i < inputs[n]->size(); ++i) {
      full[n][skip + i] = (*inputs[n])[i] == 1 ? 0 : own[i];
    }
  }
  for (size_t i = 0; i < out.size(); ++i) {
    if (out[i] == 1) {
      continue;
    }
    bool merge = !plan.shape.empty();
    for (size_t n = 0; merge && n < N; ++n) {
      merge = plan.strides[n].back() == full[n][i] * out[i];
    }
    if (merge) {
      plan.shape.back() *= out[i];
    } else {
      plan.shape.push_back(out[i]);
    }
    for (size_t n = 0; n < N; ++n) {
      merge ? void(plan.strides[n].back() = full[n][i]) : plan.strides[n].push_back(full[n][i]);
    }
  }
  return plan;
}

// body(out_offset, {offset of each input}) for each row of plan.inner() elements.
template <size_t N, class Body>
void for_each_row(const BroadcastPlan<N>& plan, Body body) {
  const int64_t inner = plan.inner();
  const size_t outer_rank = plan.shape.empty() ? 0 : plan.shape.size() - 1;
  int64_t rows = 1;
  for (size_t i = 0; i < outer_rank; ++i) {
    rows *= plan.shape[i];
  }
  if (inner == 0) {
    return;
  }
  parallel_for(rows, std::max<int64_t>(1, (1 << 14) / inner), [&](int64_t begin, int64_t end) {
    Shape index(outer_rank, 0);
    std::array<int64_t, N> offset{};
    int64_t rest = begin;
    for (size_t i = outer_rank; i-- > 0;) {
      index[i] = rest % plan.shape[i];
      rest /= plan.shape[i];
      for (size_t n = 0; n < N; ++n) {
        offset[n] += index[i] * plan.strides[n][i];
      }
    }
    for (int64_t row = begin; row < end; ++row) {
      body(row * inner, offset);
      for (size_t i = outer_rank; i-- > 0;) {
        for (size_t n = 0; n < N; ++n) {
          offset[n] += plan.strides[n][i];
        }
        if (++index[i] < plan.shape[i]) {
          break;
        }
        for (size_t n = 0; n < N; ++n) {
          offset[n] -= plan.strides[n][i] * plan.shape[i];
        }
        index[i] = 0;
      }
    }
  });
}

// out[i] = f(a[i], b[i]) with broadcasting; the common strides 1 and 0 get loops of their own.
template <class In, class Out, class F>
void map_binary(const Shape& out_shape, const Shape& a_shape, const Shape& b_shape, const In* a, const In* b, Out* out,
                F f) {
  const BroadcastPlan<2> plan = plan_broadcast<2>(out_shape, {&a_shape, &b_shape});
  const int64_t inner = plan.inner();
  const int64_t sa = plan.inner_stride(0);
  const int64_t sb = plan.inner_stride(1);
  for_each_row(plan, [&](int64_t at, const std::array<int64_t, 2>& offset) {
    const In* x = a + offset[0];
    const In* y = b + offset[1];
    Out* to = out + at;
    if (sa == 1 && sb == 1) {
      for (int64_t i = 0; i < inner; ++i) {
        to[i] = static_cast<Out>(f(x[i], y[i]));
      }
    } else if (sa == 1 && sb == 0) {
      const In constant = *y;
      for (int64_t i = 0; i < inner; ++i) {
        to[i] = static_cast<Out>(f(x[i], constant));
      }
    } else if (sa == 0 && sb == 1) {
      const In constant = *x;
      for (int64_t i = 0; i < inner; ++i) {
        to[i] = static_cast<Out>(f(constant, y[i]));
      }
    } else {
      for (int64_t i = 0; i < inner; ++i) {
        to[i] = static_cast<Out>(f(x[i * sa], y[i * sb]));
      }
    }
  });
}

}  // namespace dsq::portable
