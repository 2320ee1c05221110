// One plan for every integer product over channels-last data: qconv, and qlinear as a 1x1 convolution over its rows.
#pragma once

#include <cstdint>
#include <vector>

#include "src/ops/window.h"
#include "src/runner/kernel.h"

namespace dsq::onednn {

struct IntegerLayer {
  Shape x;  // N, spatial, C
  Shape y;  // N, spatial, C
  Window window;
  int64_t group = 1;
  std::vector<int8_t> weights;  // [out channels, in channels / group, kernel]
  std::vector<float> m;         // [scale groups][out channels]
  std::vector<float> b;         // [out channels] or empty
  int64_t scale_groups = 1;
  Activation act;
  DType x_type = DType::u8;
  DType y_type = DType::u8;
  std::optional<QuantParams> params;  // of x, its axis counted in `x`
  bool run_time_scale = false;        // input 4
  bool run_time_zero = false;         // input 5

  int64_t in_channels() const { return x.back(); }
  int64_t out_channels() const { return y.back(); }
  int64_t in_per_group() const { return in_channels() / group; }
  int64_t slice_width() const {
    return (in_per_group() + scale_groups - 1) / scale_groups;
  }  // in channels with one scale
  int64_t kernel_size() const;
  int64_t in_positions() const;   // of the whole batch
  int64_t out_positions() const;  // of the whole batch
};

// The input channels [first, first + width) of each convolution group, which share a weight scale.
struct Slice {
  int64_t first;
  int64_t width;
};
std::vector<Slice> slices_of(const IntegerLayer& layer);

// finish_sums.cc ----------------------------------------------------------------------------------------------------

// v = float(acc[0]) * m[0] + float(acc[1]) * m[1] + ... + b, then saturated (integers) or activated (floats): the
// formula of src/runner/portable/qconv.cc. `sums` are [scale groups][positions][out channels]; `scales` holds the
// run-time scales, of equal shares of the positions, or nothing.
void finish_sums(const IntegerLayer& layer, const int32_t* sums, std::span<const float> scales, Tensor& out);

// The same with one slice at a time: v[position][channel] takes up the slices in order, then becomes y. v may be y.
void add_slice(const IntegerLayer& layer, int64_t slice, const int32_t* sums, std::span<const float> scales, float* v);
void finish_slices(const IntegerLayer& layer, float* v, Tensor& out);

// exact_sums.cc -----------------------------------------------------------------------------------------------------

// The centred integers of x, whatever its granularity, level table or run-time zero points.
void centre(const IntegerLayer& layer, const Call& call, const int8_t* bytes, int16_t* levels);
// Sums in plain 16-bit products, exact on every CPU: for what oneDNN cannot do exactly.
Kernel exact_kernel(std::shared_ptr<const IntegerLayer> layer);

// integer_layer.cc --------------------------------------------------------------------------------------------------

// The fastest exact kernel for the layer on this CPU. `run_time_scales`: how many input 4 holds, 0 without it.
Kernel integer_kernel(std::shared_ptr<const IntegerLayer> layer, int64_t run_time_scales);

}  // namespace dsq::onednn
