// The loops of direct convolution over row-major N,C,spatial data of any rank, shared by float and integer kernels.
#pragma once

#include <vector>

#include "src/ir/tensor.h"
#include "src/ops/window.h"

namespace dsq::portable {

struct ConvGeometry {
  int64_t batch = 0;
  int64_t in_channels = 0;
  int64_t out_channels = 0;
  int64_t group = 1;
  Window window;
  int64_t in_size = 1;      // elements of one input channel
  int64_t out_size = 1;     // elements of one output channel
  int64_t kernel_size = 1;  // elements of one kernel

  int64_t in_per_group() const { return in_channels / group; }
  int64_t out_per_group() const { return out_channels / group; }
  int64_t row() const { return window.back().out; }
  int64_t rows() const { return row() == 0 ? 0 : out_size / row(); }
};

inline ConvGeometry geometry_of(const Shape& x, const Shape& y, Window window, int64_t group) {
  ConvGeometry g;
  g.batch = x[0];
  g.in_channels = x[1];
  g.out_channels = y[1];
  g.group = group;
  g.window = std::move(window);
  for (const WindowAxis& axis : g.window) {
    g.in_size *= axis.in;
    g.out_size *= axis.out;
    g.kernel_size *= axis.kernel;
  }
  return g;
}

// The output positions o with 0 <= o * stride + shift < in, as [begin, end).
struct Span {
  int64_t begin;
  int64_t end;
};
inline Span valid_outputs(const WindowAxis& axis, int64_t shift) {
  const int64_t begin = shift >= 0 ? 0 : (-shift + axis.stride - 1) / axis.stride;
  const int64_t past = axis.in - shift;
  const int64_t end = past <= 0 ? 0 : std::min(axis.out, (past + axis.stride - 1) / axis.stride);
  return {std::min(begin, end), end};
}

// Where the kernel's tap `tap` (all axes but the last) reads for output row `row`: the offset of the input row, or -1
// when it lies in the padding.
inline int64_t input_row(const ConvGeometry& g, int64_t row, int64_t tap) {
  int64_t offset = 0;
  int64_t stride = 1;
  for (size_t d = g.window.size() - 1; d-- > 0;) {
    const WindowAxis& axis = g.window[d];
    const int64_t in = row % axis.out * axis.stride - axis.pad_begin + tap % axis.kernel * axis.dilation;
    row /= axis.out;
    tap /= axis.kernel;
    if (in < 0 || in >= axis.in) {
      return -1;
    }
    offset += in * stride;
    stride *= axis.in;
  }
  return offset;
}

// acc[0..row) += sum over the input channels [first, last) of one group and all taps. `x` is one sample's group, `w`
// the kernel of one output channel.
template <class X, class W, class Acc>
void accumulate_row(const ConvGeometry& g, const X* x, const W* w, int64_t first, int64_t last, int64_t row, Acc* acc) {
  const WindowAxis& axis = g.window.back();
  const int64_t outer_taps = g.kernel_size / axis.kernel;
  for (int64_t c = first; c < last; ++c) {
    const X* plane = x + c * g.in_size;
    const W* kernel = w + c * g.kernel_size;
    for (int64_t tap = 0; tap < outer_taps; ++tap) {
      const int64_t at = input_row(g, row, tap);
      if (at < 0) {
        continue;
      }
      const X* line = plane + at * axis.in;
      for (int64_t k = 0; k < axis.kernel; ++k) {
        const int64_t shift = k * axis.dilation - axis.pad_begin;
        const Span valid = valid_outputs(axis, shift);
        const auto weight = static_cast<Acc>(kernel[tap * axis.kernel + k]);
        for (int64_t o = valid.begin; o < valid.end; ++o) {
          acc[o] += weight * static_cast<Acc>(line[o * axis.stride + shift]);
        }
      }
    }
  }
}

// Transposed: each input element spreads over a window of outputs. acc holds one whole output channel; `w` is laid out
// [in_channels, out_per_group, kernel], and `out` is the output channel within its group.
template <class X, class W, class Acc>
void accumulate_transposed(const ConvGeometry& g, const X* x, const W* w, int64_t out, int64_t first, int64_t last,
                           Acc* acc) {
  for (int64_t c = first; c < last; ++c) {
    const X* plane = x + c * g.in_size;
    const W* kernel = w + (c * g.out_per_group() + out) * g.kernel_size;
    for (int64_t i = 0; i < g.in_size; ++i) {
      const auto value = static_cast<Acc>(plane[i]);
      for (int64_t tap = 0; tap < g.kernel_size; ++tap) {
        int64_t in_rest = i;
        int64_t tap_rest = tap;
        int64_t offset = 0;
        int64_t stride = 1;
        bool inside = true;
        for (size_t d = g.window.size(); d-- > 0;) {
          const WindowAxis& axis = g.window[d];
          const int64_t o = in_rest % axis.in * axis.stride + tap_rest % axis.kernel * axis.dilation - axis.pad_begin;
          in_rest /= axis.in;
          tap_rest /= axis.kernel;
          inside = inside && o >= 0 && o < axis.out;
          offset += o * stride;
          stride *= axis.out;
        }
        if (inside) {
          acc[offset] += value * static_cast<Acc>(kernel[tap]);
        }
      }
    }
  }
}

}  // namespace dsq::portable
