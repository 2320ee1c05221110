// The windows of a pool over channels-last data of one to three spatial axes: which input positions each output
// position covers. Loops over channels then run on contiguous memory.
#pragma once

#include <array>

#include "src/ops/window.h"
#include "src/runner/kernel.h"

namespace dsq::onednn {

struct PoolPlan {
  int64_t batch = 0;
  int64_t channels = 0;
  std::array<WindowAxis, 3> axes;  // leading ones of size 1 where there are fewer
  int64_t in_size = 1;
  int64_t out_size = 1;
};

// A window over axes of size 1, to fill up with.
inline WindowAxis unit_axis() {
  WindowAxis axis;
  axis.in = axis.out = 1;
  return axis;
}

inline Result<PoolPlan> plan_pool(const PoolAttrs& attrs, const Shape& shape) {
  PoolPlan plan;
  plan.batch = shape[0];
  plan.channels = shape.back();
  const Window window = DSQ_TRY(window_of(attrs, std::span(shape).subspan(1, shape.size() - 2)));
  plan.axes.fill(unit_axis());
  for (size_t i = 0; i < window.size(); ++i) {
    plan.axes[3 - window.size() + i] = window[i];
    plan.in_size *= window[i].in;
    plan.out_size *= window[i].out;
  }
  return plan;
}

// The taps [begin, end) of a window that lie inside the input.
struct TapRange {
  int64_t first;  // input position of tap `begin`
  int64_t begin;
  int64_t end;
};
inline TapRange taps_of(const WindowAxis& axis, int64_t out) {
  const int64_t start = out * axis.stride - axis.pad_begin;
  const int64_t begin = start >= 0 ? 0 : (-start + axis.dilation - 1) / axis.dilation;
  const int64_t past = axis.in - start;
  const int64_t end = past <= 0 ? 0 : std::min(axis.kernel, (past + axis.dilation - 1) / axis.dilation);
  return {start + begin * axis.dilation, std::min(begin, end), end};
}

// f(input position) for each covered position of output `out`, in row-major order. Returns how many there were.
template <class F>
int64_t for_each_covered(const PoolPlan& plan, int64_t out, F f) {
  const auto& [d_axis, h_axis, w_axis] = plan.axes;
  const TapRange w = taps_of(w_axis, out % w_axis.out);
  const TapRange h = taps_of(h_axis, out / w_axis.out % h_axis.out);
  const TapRange d = taps_of(d_axis, out / w_axis.out / h_axis.out);
  for (int64_t i = d.begin; i < d.end; ++i) {
    const int64_t z = d.first + (i - d.begin) * d_axis.dilation;
    for (int64_t j = h.begin; j < h.end; ++j) {
      const int64_t row = (z * h_axis.in + h.first + (j - h.begin) * h_axis.dilation) * w_axis.in + w.first;
      for (int64_t k = 0; k < w.end - w.begin; ++k) {
        f(row + k * w_axis.dilation);
      }
    }
  }
  return (d.end - d.begin) * (h.end - h.begin) * (w.end - w.begin);
}

// The taps that lie in the input or its declared padding: what ceil_mode adds beyond does not count.
inline int64_t declared_taps(const PoolPlan& plan, int64_t out) {
  int64_t count = 1;
  for (size_t i = 3; i-- > 0;) {
    const WindowAxis& axis = plan.axes[i];
    const int64_t start = out % axis.out * axis.stride - axis.pad_begin;
    out /= axis.out;
    const int64_t room = axis.in + axis.pad_end - start;
    count *= room <= 0 ? 0 : std::min(axis.kernel, (room + axis.dilation - 1) / axis.dilation);
  }
  return count;
}

}  // namespace dsq::onednn
