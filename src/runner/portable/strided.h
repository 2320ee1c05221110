// One engine for everything that moves elements: copies a box of elements between two strided views.
#pragma once

#include <array>

#include "src/runner/portable/broadcast.h"

namespace dsq::portable {

// dst[sum index * dst_strides] = src[sum index * src_strides] for every index below `shape`. Strides are in elements
// and may be zero (repeat) or negative (flip).
template <class T>
void copy_strided(const Shape& shape, T* dst, const Shape& dst_strides, const T* src, const Shape& src_strides) {
  BroadcastPlan<2> plan;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == 0) {
      return;
    }
    if (shape[i] == 1) {
      continue;
    }
    const bool merge = !plan.shape.empty() && plan.strides[0].back() == dst_strides[i] * shape[i] &&
                       plan.strides[1].back() == src_strides[i] * shape[i];
    if (merge) {
      plan.shape.back() *= shape[i];
      plan.strides[0].back() = dst_strides[i];
      plan.strides[1].back() = src_strides[i];
    } else {
      plan.shape.push_back(shape[i]);
      plan.strides[0].push_back(dst_strides[i]);
      plan.strides[1].push_back(src_strides[i]);
    }
  }
  const int64_t inner = plan.inner();
  const int64_t to_step = plan.inner_stride(0);
  const int64_t from_step = plan.inner_stride(1);
  for_each_row(plan, [&](int64_t, const std::array<int64_t, 2>& offset) {
    T* to = dst + offset[0];
    const T* from = src + offset[1];
    if (to_step == 1 && from_step == 1) {
      std::copy_n(from, inner, to);
    } else if (to_step == 1 && from_step == 0) {
      std::fill_n(to, inner, *from);
    } else {
      for (int64_t i = 0; i < inner; ++i) {
        to[i * to_step] = from[i * from_step];
      }
    }
  });
}

}  // namespace dsq::portable
