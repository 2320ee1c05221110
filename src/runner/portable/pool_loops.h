// The windows of pooling, shared by float and integer kernels.
#pragma once

#include "src/ops/window.h"
#include "src/runner/kernel.h"

namespace dsq::portable {

struct PoolGeometry {
  Window window;
  int64_t planes = 0;  // samples x channels
  int64_t in_size = 1;
  int64_t out_size = 1;
  int64_t taps = 1;
};

inline Result<PoolGeometry> pool_geometry(const Call& call) {
  const Shape& shape = call.input(0).shape();
  PoolGeometry g;
  g.window = DSQ_TRY(window_of(call.attrs<PoolAttrs>(), std::span(shape).subspan(2)));
  g.planes = shape[0] * shape[1];
  for (const WindowAxis& axis : g.window) {
    g.in_size *= axis.in;
    g.out_size *= axis.out;
    g.taps *= axis.kernel;
  }
  return g;
}

// f(offset in the plane, tap) for the taps of output `o` that lie inside the input, in row-major order.
template <class F>
void for_each_tap(const PoolGeometry& g, int64_t o, F f) {
  for (int64_t tap = 0; tap < g.taps; ++tap) {
    int64_t o_rest = o;
    int64_t tap_rest = tap;
    int64_t offset = 0;
    int64_t stride = 1;
    bool inside = true;
    for (size_t d = g.window.size(); d-- > 0;) {
      const WindowAxis& axis = g.window[d];
      const int64_t in = o_rest % axis.out * axis.stride - axis.pad_begin + tap_rest % axis.kernel * axis.dilation;
      o_rest /= axis.out;
      tap_rest /= axis.kernel;
      inside = inside && in >= 0 && in < axis.in;
      offset += in * stride;
      stride *= axis.in;
    }
    if (inside) {
      f(offset, tap);
    }
  }
}

// The taps of output `o` that lie in the input or its declared padding: what ceil_mode adds beyond does not count.
inline int64_t padded_taps(const PoolGeometry& g, int64_t o) {
  int64_t count = 1;
  for (size_t d = g.window.size(); d-- > 0;) {
    const WindowAxis& axis = g.window[d];
    int64_t along = 0;
    for (int64_t k = 0; k < axis.kernel; ++k) {
      const int64_t in = o % axis.out * axis.stride - axis.pad_begin + k * axis.dilation;
      along += in < axis.in + axis.pad_end ? 1 : 0;
    }
    o /= axis.out;
    count *= along;
  }
  return count;
}

// The offset that element `at` of a plane would have in column-major order.
inline int64_t column_major(const PoolGeometry& g, int64_t at) {
  int64_t offset = 0;
  Shape index(g.window.size());
  for (size_t d = g.window.size(); d-- > 0;) {
    index[d] = at % g.window[d].in;
    at /= g.window[d].in;
  }
  for (size_t d = g.window.size(); d-- > 0;) {
    offset = offset * g.window[d].in + index[d];
  }
  return offset;
}

}  // namespace dsq::portable
