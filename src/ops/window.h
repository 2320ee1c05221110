// Sliding windows: the arithmetic of kernels, strides, pads and dilations that convolutions and pools share.
#pragma once

#include <vector>

#include "src/ir/attrs.h"
#include "src/support/result.h"

namespace dsq {

struct WindowAxis {
  int64_t kernel = 1;
  int64_t stride = 1;
  int64_t dilation = 1;
  int64_t pad_begin = 0;
  int64_t pad_end = 0;
  int64_t in = kUnknown;
  int64_t out = kUnknown;  // kUnknown when `in` is
  int64_t extent() const { return (kernel - 1) * dilation + 1; }
};
using Window = std::vector<WindowAxis>;

// `spatial` are the input's spatial sizes, possibly unknown. auto_pad is resolved where the size is known.
// Errors: attribute_invalid (lists of the wrong length, values < 1, negative pads), shape_mismatch (window larger than
// the padded input).
Result<Window> window_of(const ConvAttrs& attrs, std::span<const int64_t> kernel, std::span<const int64_t> spatial);
Result<Window> window_of(const PoolAttrs& attrs, std::span<const int64_t> spatial);
// Transposed: `in` is the small side. Resolves output_shape and auto_pad to pads.
Result<Window> transposed_window_of(const ConvAttrs& attrs, std::span<const int64_t> kernel,
                                    std::span<const int64_t> spatial);

}  // namespace dsq
