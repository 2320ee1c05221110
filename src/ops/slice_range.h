// The index arithmetic of slice, pad and resize, shared by shape inference and kernels.
#pragma once

#include "src/ops/op_def.h"

namespace dsq {

struct SliceRange {
  int64_t start = 0;
  int64_t step = 1;
  int64_t count = 0;  // kUnknown when a bound or the dimension is
};

// One range per dimension, ONNX clamping rules. Elements of starts and ends may be kAnyInt.
Result<std::vector<SliceRange>> slice_ranges(const Shape& shape, const Ints& starts, const Ints& ends, const Ints* axes,
                                             const Ints* steps);

// Pads for every axis (all begins, then all ends) from pads of some axes.
Result<Ints> full_pads(int64_t rank, const Ints& pads, const Ints* axes);

// floor(size * scale) as ONNX has it. Errors: attribute_invalid for scales that are not positive or blow up.
Result<int64_t> scaled_size(int64_t size, double scale);
// Corners are aligned to the output's size, which ONNX's own data take before rounding and its runtimes after.
// Errors: ops_unsupported where that differs.
Result<void> check_corners(const ResizeAttrs& attrs, int64_t size, double scale, int64_t result);
// The size of axes[i] when the aspect ratio is kept.
Result<int64_t> aspect_size(const Shape& shape, const Shape& axes, const Ints& sizes, AspectPolicy policy, size_t i);

}  // namespace dsq
