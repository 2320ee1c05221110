// Integer products: exact int32 sums, then one written formula. SEMANTICS.md, section 4.
//
//   acc[g] = sum over the g-th group of K of level(x) * w          (int32, exact)
//   v      = float(acc[0]) * m[0] + float(acc[1]) * m[1] + ... + b   (left to right)
//   y      = saturate(v)  for integer outputs,  activation(v)  for floats
//
// With a range taken at run time, m[g] is replaced by x_scale * m[g].
#include "src/runner/portable/activation.h"
#include "src/runner/portable/conv_loops.h"
#include "src/runner/portable/kernels.h"
#include "src/runner/portable/levels.h"
#include "src/support/parallel.h"

namespace dsq::portable {
namespace {

// What follows the integer sums, for one output channel.
struct Epilogue {
  std::span<const float> m;  // [channels] or [channels, groups]
  const float* b;
  int64_t groups;
  Activation act;
  bool to_integer;
  Bounds bounds;

  // sums: [groups][count]
  void finish(const std::vector<int32_t>& sums, int64_t count, size_t channel, float x_scale, bool run_time,
              Tensor& out, int64_t at) const {
    for (int64_t i = 0; i < count; ++i) {
      float v = 0;
      for (int64_t g = 0; g < groups; ++g) {
        const float factor = m[channel * static_cast<size_t>(groups) + static_cast<size_t>(g)];
        const float term =
            static_cast<float>(sums[static_cast<size_t>(g * count + i)]) * (run_time ? x_scale * factor : factor);
        v = g == 0 ? term : v + term;
      }
      v = b == nullptr ? v : v + b[channel];
      if (to_integer) {
        put_byte(out, at + i, saturate(v, bounds.low, bounds.high));
      } else {
        raw<float>(out)[at + i] = v;
      }
    }
    if (!to_integer) {
      apply(act, raw<float>(out) + at, count);
    }
  }
};

Epilogue epilogue_of(const Call& call, int64_t channels, const Activation& act) {
  const std::span<const float> m = call.input(2).values<float>();
  const bool to_integer = call.output().dtype() != DType::f32;
  return {m,
          call.has(3) ? raw<float>(call.input(3)) : nullptr,
          static_cast<int64_t>(m.size()) / std::max<int64_t>(channels, 1),
          act,
          to_integer,
          to_integer ? bounds_of(call, act) : Bounds{}};
}

// The levels of x with zero points taken at run time, one for each of `units` equal parts.
std::vector<int16_t> activation_levels(const Call& call) {
  std::vector<int16_t> levels = levels_of(call.input(0), call.has(5) ? nullptr : call.in_params(0));
  if (call.has(5)) {
    const std::span<const uint8_t> zeros = call.input(5).values<uint8_t>();
    const size_t each = zeros.empty() ? 0 : levels.size() / zeros.size();
    for (size_t i = 0; i < levels.size(); ++i) {
      levels[i] = static_cast<int16_t>(levels[i] - zeros[i / each]);
    }
  }
  return levels;
}

Result<void> convolve(const Call& call, bool transposed) {
  const auto& attrs = call.attrs<ConvAttrs>();
  const Shape& xs = call.input(0).shape();
  const Shape& ws = call.input(1).shape();
  const auto kernel = std::span(ws).subspan(2);
  const auto spatial = std::span(xs).subspan(2);
  const ConvGeometry g = geometry_of(
      xs, call.output().shape(),
      DSQ_TRY(transposed ? transposed_window_of(attrs, kernel, spatial) : window_of(attrs, kernel, spatial)),
      attrs.group);
  const std::vector<int16_t> x = activation_levels(call);
  const auto* w = raw<int8_t>(call.input(1));
  const Epilogue epilogue = epilogue_of(call, g.out_channels, attrs.activation());
  const std::span<const float> x_scale = call.has(4) ? call.input(4).values<float>() : std::span<const float>();
  const int64_t samples_per_scale = x_scale.empty() ? 1 : g.batch / static_cast<int64_t>(x_scale.size());
  const int64_t per_group =
      (g.in_per_group() + epilogue.groups - 1) / epilogue.groups;  // input channels with one scale
  parallel_for(g.batch * g.out_channels, 1, [&](int64_t begin, int64_t end) {
    const int64_t span = transposed ? g.out_size : g.row();
    std::vector<int32_t> sums(static_cast<size_t>(epilogue.groups * span));
    for (int64_t at = begin; at < end; ++at) {
      const int64_t n = at / g.out_channels;
      const int64_t o = at % g.out_channels;
      const int64_t first = o / g.out_per_group() * g.in_per_group();
      const float scale = x_scale.empty() ? 1.0F : x_scale[static_cast<size_t>(n / samples_per_scale)];
      for (int64_t row = 0; row < (transposed ? 1 : g.rows()); ++row) {
        std::ranges::fill(sums, 0);
        for (int64_t group = 0; group < epilogue.groups; ++group) {
          const int64_t from = group * per_group;
          const int64_t to = std::min(from + per_group, g.in_per_group());
          int32_t* acc = sums.data() + group * span;
          if (transposed) {
            accumulate_transposed(g, x.data() + n * g.in_channels * g.in_size, w, o % g.out_per_group(), first + from,
                                  first + to, acc);
          } else {
            accumulate_row(g, x.data() + (n * g.in_channels + first) * g.in_size,
                           w + o * g.in_per_group() * g.kernel_size, from, to, row, acc);
          }
        }
        epilogue.finish(sums, span, static_cast<size_t>(o), scale, !x_scale.empty(), call.output(),
                        at * g.out_size + row * g.row());
      }
    }
  });
  return {};
}

}  // namespace

Result<void> qconv(const Call& call) { return convolve(call, false); }
Result<void> qconv_transpose(const Call& call) { return convolve(call, true); }

Result<void> qlinear(const Call& call) {
  const int64_t n = call.input(1).shape()[0];
  const int64_t k = call.input(1).shape()[1];
  const int64_t rows = n == 0 ? 0 : call.output().count() / n;
  const std::vector<int16_t> x = activation_levels(call);
  const auto* w = raw<int8_t>(call.input(1));
  const Epilogue epilogue = epilogue_of(call, n, call.attrs<LinearAttrs>().activation());
  const std::span<const float> x_scale = call.has(4) ? call.input(4).values<float>() : std::span<const float>();
  const int64_t rows_per_scale = x_scale.empty() ? 1 : rows / static_cast<int64_t>(x_scale.size());
  const int64_t per_group = (k + epilogue.groups - 1) / epilogue.groups;
  parallel_for(rows, 1, [&](int64_t begin, int64_t end) {
    std::vector<int32_t> sums(static_cast<size_t>(epilogue.groups));
    for (int64_t row = begin; row < end; ++row) {
      const float scale = x_scale.empty() ? 1.0F : x_scale[static_cast<size_t>(row / rows_per_scale)];
      for (int64_t o = 0; o < n; ++o) {
        for (int64_t group = 0; group < epilogue.groups; ++group) {
          int32_t acc = 0;
          for (int64_t p = group * per_group; p < std::min((group + 1) * per_group, k); ++p) {
            acc += static_cast<int32_t>(x[static_cast<size_t>(row * k + p)]) * w[o * k + p];
          }
          sums[static_cast<size_t>(group)] = acc;
        }
        epilogue.finish(sums, 1, static_cast<size_t>(o), scale, !x_scale.empty(), call.output(), row * n + o);
      }
    }
  });
  return {};
}

namespace {

// ONNX's ConvInteger and MatMulInteger: 8-bit tensors with zero points as inputs 2 and 3.
std::vector<int16_t> centred(const Call& call, size_t tensor, size_t zero, int64_t axis) {
  const Tensor& t = call.input(tensor);
  std::vector<int16_t> out(static_cast<size_t>(t.count()));
  const std::vector<int64_t> zeros = call.has(zero) ? to_ints(call.input(zero)) : std::vector<int64_t>{0};
  const ScaleMap map(t.shape(), {zeros.size() > 1 ? static_cast<int32_t>(axis < 0 ? axis + t.rank() : axis) : -1, 0});
  for (int64_t i = 0; i < t.count(); ++i) {
    out[static_cast<size_t>(i)] =
        static_cast<int16_t>(byte_at(t, i) - zeros[zeros.size() == 1 ? 0 : map.of(i) % zeros.size()]);
  }
  return out;
}

}  // namespace

Result<void> conv_integer(const Call& call) {
  const auto& attrs = call.attrs<ConvAttrs>();
  const Shape& xs = call.input(0).shape();
  const Shape& ws = call.input(1).shape();
  const ConvGeometry g =
      geometry_of(xs, call.output().shape(),
                  DSQ_TRY(window_of(attrs, std::span(ws).subspan(2), std::span(xs).subspan(2))), attrs.group);
  const std::vector<int16_t> x = centred(call, 0, 2, 1);
  const std::vector<int16_t> w = centred(call, 1, 3, 0);
  auto* out = raw<int32_t>(call.output());
  std::fill_n(out, call.output().count(), 0);
  parallel_for(g.batch * g.out_channels, 1, [&](int64_t begin, int64_t end) {
    for (int64_t at = begin; at < end; ++at) {
      const int64_t o = at % g.out_channels;
      const int64_t first = at / g.out_channels * g.in_channels + o / g.out_per_group() * g.in_per_group();
      for (int64_t row = 0; row < g.rows(); ++row) {
        accumulate_row(g, x.data() + first * g.in_size, w.data() + o * g.in_per_group() * g.kernel_size, 0,
                       g.in_per_group(), row, out + at * g.out_size + row * g.row());
      }
    }
  });
  return {};
}

Result<void> matmul_integer(const Call& call) {
  const std::vector<int16_t> a = centred(call, 0, 2, -2);
  const std::vector<int16_t> b = centred(call, 1, 3, -1);
  const auto widened = [](const std::vector<int16_t>& from, const Shape& shape) {
    const std::vector<int32_t> wide(from.begin(), from.end());
    return Tensor::of<int32_t>(shape, std::span<const int32_t>(wide));
  };
  const Tensor x = widened(a, call.input(0).shape());
  const Tensor y = widened(b, call.input(1).shape());
  const std::array<const Tensor*, 2> in = {&x, &y};
  return matmul(Call{call.graph, call.node, in, call.out});
}

}  // namespace dsq::portable
