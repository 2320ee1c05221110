#include "src/ops/window.h"

#include <algorithm>

#include "src/support/strings.h"

namespace dsq {
namespace {

constexpr int64_t kMaxStep = int64_t{1} << 30;  // products of two stay within 63 bits

Result<int64_t> item(const Shape& list, size_t i, size_t expected, int64_t missing, const char* what) {
  if (list.empty()) {
    return missing;
  }
  if (list.size() != expected) {
    return fail(Code::attribute_invalid, "{} has {}, {} expected", what, plural(list.size(), "value"), expected);
  }
  if (list[i] > kMaxStep || list[i] < -kMaxStep) {
    return fail(Code::attribute_invalid, "{} {} is out of range", what, list[i]);
  }
  return list[i];
}

Result<void> read_axis(WindowAxis& axis, size_t i, size_t rank, const Shape& strides, const Shape& pads,
                       const Shape& dilations) {
  axis.stride = DSQ_TRY(item(strides, i, rank, 1, "strides"));
  axis.dilation = DSQ_TRY(item(dilations, i, rank, 1, "dilations"));
  axis.pad_begin = DSQ_TRY(item(pads, i, 2 * rank, 0, "pads"));
  axis.pad_end = DSQ_TRY(item(pads, i + rank, 2 * rank, 0, "pads"));
  if (axis.kernel > kMaxStep) {
    return fail(Code::attribute_invalid, "a kernel of {} is too large; {} is the limit", axis.kernel, kMaxStep);
  }
  if (axis.stride < 1 || axis.dilation < 1 || axis.kernel < 1) {
    return fail(Code::attribute_invalid, "kernel {}, stride {} and dilation {} must be at least 1", axis.kernel,
                axis.stride, axis.dilation);
  }
  if (axis.in > kMaxStep) {
    return fail(Code::shape_mismatch, "a dimension of {} is too large for a window", axis.in);
  }
  return {};
}

void share_padding(WindowAxis& axis, int64_t total, AutoPad mode) {
  total = std::max<int64_t>(total, 0);
  axis.pad_begin = mode == AutoPad::same_upper ? total / 2 : total - total / 2;
  axis.pad_end = total - axis.pad_begin;
}

Result<void> finish(WindowAxis& axis, AutoPad auto_pad, bool ceil_mode) {
  if (auto_pad == AutoPad::valid) {
    axis.pad_begin = axis.pad_end = 0;
  }
  if (axis.in == kUnknown) {
    return {};
  }
  if (auto_pad == AutoPad::same_upper || auto_pad == AutoPad::same_lower) {
    axis.out = (axis.in + axis.stride - 1) / axis.stride;
    share_padding(axis, (axis.out - 1) * axis.stride + axis.extent() - axis.in, auto_pad);
    return {};
  }
  if (axis.pad_begin < 0 || axis.pad_end < 0) {
    return fail(Code::attribute_invalid, "negative padding {} or {}", axis.pad_begin, axis.pad_end);
  }
  const int64_t room = axis.in + axis.pad_begin + axis.pad_end - axis.extent();
  if (room < 0) {
    return fail(Code::shape_mismatch, "a window of {} does not fit into {} with padding {} and {}", axis.extent(),
                axis.in, axis.pad_begin, axis.pad_end);
  }
  axis.out = room / axis.stride + 1;
  // The last window of ceil_mode must start inside the input or its leading padding.
  if (ceil_mode && room % axis.stride != 0 && axis.out * axis.stride < axis.in + axis.pad_begin) {
    ++axis.out;
  }
  return {};
}

}  // namespace

Result<Window> window_of(const ConvAttrs& attrs, std::span<const int64_t> kernel, std::span<const int64_t> spatial) {
  Window window(kernel.size());
  for (size_t i = 0; i < window.size(); ++i) {
    window[i].kernel = kernel[i];
    window[i].in = spatial[i];
    DSQ_TRY(read_axis(window[i], i, window.size(), attrs.strides, attrs.pads, attrs.dilations));
    DSQ_TRY(finish(window[i], attrs.auto_pad, false));
  }
  return window;
}

Result<Window> window_of(const PoolAttrs& attrs, std::span<const int64_t> spatial) {
  if (attrs.kernel.size() != spatial.size()) {
    return fail(Code::attribute_invalid, "kernel has {}, {} expected", plural(attrs.kernel.size(), "value"),
                spatial.size());
  }
  Window window(spatial.size());
  for (size_t i = 0; i < window.size(); ++i) {
    window[i].kernel = attrs.kernel[i];
    window[i].in = spatial[i];
    DSQ_TRY(read_axis(window[i], i, window.size(), attrs.strides, attrs.pads, attrs.dilations));
    if (std::max(window[i].pad_begin, window[i].pad_end) >= window[i].extent()) {
      return fail(Code::attribute_invalid, "padding {} and {} of a window of {}: some windows would hold padding only",
                  window[i].pad_begin, window[i].pad_end, window[i].extent());
    }
    DSQ_TRY(finish(window[i], attrs.auto_pad, attrs.ceil_mode));
  }
  return window;
}

Result<Window> transposed_window_of(const ConvAttrs& attrs, std::span<const int64_t> kernel,
                                    std::span<const int64_t> spatial) {
  Window window(kernel.size());
  for (size_t i = 0; i < window.size(); ++i) {
    WindowAxis& axis = window[i];
    axis.kernel = kernel[i];
    axis.in = spatial[i];
    DSQ_TRY(read_axis(axis, i, window.size(), attrs.strides, attrs.pads, attrs.dilations));
    const int64_t extra = DSQ_TRY(item(attrs.output_padding, i, window.size(), 0, "output_padding"));
    if (extra < 0 || extra >= std::max(axis.stride, axis.dilation)) {
      return fail(Code::attribute_invalid, "output_padding {} is not below stride {} or dilation {}", extra,
                  axis.stride, axis.dilation);
    }
    const bool same = attrs.auto_pad == AutoPad::same_upper || attrs.auto_pad == AutoPad::same_lower;
    if (attrs.auto_pad == AutoPad::valid) {
      axis.pad_begin = axis.pad_end = 0;
    }
    if (axis.in == kUnknown) {
      continue;
    }
    const int64_t full = axis.stride * (axis.in - 1) + extra + axis.extent();
    if (!attrs.output_shape.empty() || same) {
      // output_shape may hold all dimensions or the spatial ones only.
      const size_t skip = attrs.output_shape.size() - (attrs.output_shape.empty() ? 0 : window.size());
      if (!attrs.output_shape.empty() && attrs.output_shape.size() < window.size()) {
        return fail(Code::attribute_invalid, "output_shape has {}, at least {} expected",
                    plural(attrs.output_shape.size(), "value"), window.size());
      }
      axis.out = attrs.output_shape.empty() ? axis.in * axis.stride : attrs.output_shape[skip + i];
      const int64_t total = std::max<int64_t>(full - axis.out, 0);
      axis.pad_begin = attrs.auto_pad == AutoPad::same_upper ? total / 2 : total - total / 2;
      axis.pad_end = full - axis.out - axis.pad_begin;
    } else {
      axis.out = full - axis.pad_begin - axis.pad_end;
    }
    if (axis.out < 1) {
      return fail(Code::shape_mismatch, "the output would have size {}", axis.out);
    }
  }
  return window;
}

}  // namespace dsq
