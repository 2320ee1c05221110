// Convolution and transposed convolution in floats: accumulated in double, rounded once.
#include "src/runner/portable/activation.h"
#include "src/runner/portable/conv_loops.h"
#include "src/runner/portable/dispatch.h"
#include "src/runner/portable/kernels.h"
#include "src/support/parallel.h"

namespace dsq::portable {
namespace {

// Bias, the added tensor and the activation, in this order.
void finish(const Call& call, const double* acc, float* out, int64_t offset, int64_t count, float bias) {
  const float* added = call.attrs<ConvAttrs>().adds ? raw<float>(call.input(3)) + offset : nullptr;
  for (int64_t i = 0; i < count; ++i) {
    out[offset + i] = static_cast<float>(acc[i] + bias) + (added == nullptr ? 0.0F : added[i]);
  }
  apply(call.attrs<ConvAttrs>().activation(), out + offset, count);
}

Result<ConvGeometry> prepare_geometry(const Call& call, bool transposed) {
  const auto& attrs = call.attrs<ConvAttrs>();
  const Shape& x = call.input(0).shape();
  const Shape& w = call.input(1).shape();
  if (call.input(0).dtype() != DType::f32 || attrs.layout != Layout::channels_first) {
    return unsupported(call, call.input(0).dtype());
  }
  const auto kernel = std::span(w).subspan(2);
  const auto spatial = std::span(x).subspan(2);
  Window window =
      DSQ_TRY(transposed ? transposed_window_of(attrs, kernel, spatial) : window_of(attrs, kernel, spatial));
  return geometry_of(x, call.output().shape(), std::move(window), attrs.group);
}

}  // namespace

Result<void> conv(const Call& call) {
  const ConvGeometry g = DSQ_TRY(prepare_geometry(call, false));
  const float* x = raw<float>(call.input(0));
  const float* w = raw<float>(call.input(1));
  const float* bias = call.has(2) ? raw<float>(call.input(2)) : nullptr;
  float* out = raw<float>(call.output());
  parallel_for(g.batch * g.out_channels, 1, [&](int64_t begin, int64_t end) {
    std::vector<double> acc(static_cast<size_t>(g.row()));
    for (int64_t at = begin; at < end; ++at) {
      const int64_t n = at / g.out_channels;
      const int64_t o = at % g.out_channels;
      const float* group = x + (n * g.in_channels + o / g.out_per_group() * g.in_per_group()) * g.in_size;
      for (int64_t row = 0; row < g.rows(); ++row) {
        std::ranges::fill(acc, 0.0);
        accumulate_row(g, group, w + o * g.in_per_group() * g.kernel_size, 0, g.in_per_group(), row, acc.data());
        finish(call, acc.data(), out, at * g.out_size + row * g.row(), g.row(), bias == nullptr ? 0.0F : bias[o]);
      }
    }
  });
  return {};
}

Result<void> conv_transpose(const Call& call) {
  const ConvGeometry g = DSQ_TRY(prepare_geometry(call, true));
  const float* x = raw<float>(call.input(0));
  const float* w = raw<float>(call.input(1));
  const float* bias = call.has(2) ? raw<float>(call.input(2)) : nullptr;
  float* out = raw<float>(call.output());
  parallel_for(g.batch * g.out_channels, 1, [&](int64_t begin, int64_t end) {
    std::vector<double> acc(static_cast<size_t>(g.out_size));
    for (int64_t at = begin; at < end; ++at) {
      const int64_t n = at / g.out_channels;
      const int64_t o = at % g.out_channels;
      const int64_t first = o / g.out_per_group() * g.in_per_group();
      std::ranges::fill(acc, 0.0);
      accumulate_transposed(g, x + n * g.in_channels * g.in_size, w, o % g.out_per_group(), first,
                            first + g.in_per_group(), acc.data());
      finish(call, acc.data(), out, at * g.out_size, g.out_size, bias == nullptr ? 0.0F : bias[o]);
    }
  });
  return {};
}

}  // namespace dsq::portable
