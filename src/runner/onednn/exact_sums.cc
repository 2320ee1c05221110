// Integer convolution in 16-bit products and 32-bit sums: exact on every CPU and for every kind of activation (zero
// points by channel, level tables, 8-bit zero points taken at run time). Each output position gathers its window into
// one row; dot products with the rows of the weights follow.
#include <algorithm>

#include "src/quant/scale_map.h"
#include "src/runner/onednn/integer_layer.h"
#include "src/runner/onednn/nibbles.h"
#include "src/runner/onednn/pool_plan.h"
#include "src/runner/portable/dispatch.h"
#include "src/support/parallel.h"

namespace dsq::onednn {
namespace {

using portable::raw;

int32_t dot(const int16_t* a, const int16_t* b, int64_t count) {
  int32_t sum = 0;
  for (int64_t i = 0; i < count; ++i) {
    sum += static_cast<int32_t>(a[i]) * b[i];
  }
  return sum;
}

struct Scratch {
  std::vector<int16_t> weights;  // [out channels][tap][in channels / group]
  std::vector<int8_t> bytes;     // of x, when it is packed
  std::vector<int16_t> levels;   // of x
  std::vector<int32_t> sums;
};

std::vector<int16_t> tap_major(const IntegerLayer& layer) {
  const int64_t taps = layer.kernel_size();
  const int64_t width = layer.in_per_group();
  std::vector<int16_t> weights(layer.weights.size());
  for (int64_t o = 0; o < layer.out_channels(); ++o) {
    for (int64_t c = 0; c < width; ++c) {
      for (int64_t t = 0; t < taps; ++t) {
        weights[static_cast<size_t>((o * taps + t) * width + c)] =
            layer.weights[static_cast<size_t>((o * width + c) * taps + t)];
      }
    }
  }
  return weights;
}

// The input offset (in positions) of each tap of output `out`, -1 in the padding.
void window_offsets(const std::array<WindowAxis, 3>& axes, int64_t out, std::vector<int64_t>& offsets) {
  int64_t tap = 0;
  const int64_t w = out % axes[2].out;
  const int64_t h = out / axes[2].out % axes[1].out;
  const int64_t d = out / axes[2].out / axes[1].out;
  const auto at = [](const WindowAxis& axis, int64_t o, int64_t k) {
    const int64_t in = o * axis.stride - axis.pad_begin + k * axis.dilation;
    return in < 0 || in >= axis.in ? int64_t{-1} : in;
  };
  for (int64_t i = 0; i < axes[0].kernel; ++i) {
    const int64_t z = at(axes[0], d, i);
    for (int64_t j = 0; j < axes[1].kernel; ++j) {
      const int64_t y = at(axes[1], h, j);
      for (int64_t k = 0; k < axes[2].kernel; ++k) {
        const int64_t x = at(axes[2], w, k);
        offsets[static_cast<size_t>(tap++)] = z < 0 || y < 0 || x < 0 ? -1 : (z * axes[1].in + y) * axes[2].in + x;
      }
    }
  }
}

void sum_windows(const IntegerLayer& layer, Scratch& scratch) {
  std::array<WindowAxis, 3> axes;
  axes.fill(unit_axis());
  std::ranges::copy(layer.window, axes.end() - static_cast<int64_t>(layer.window.size()));
  const int64_t taps = layer.kernel_size();
  const int64_t width = layer.in_per_group();
  const int64_t channels = layer.out_channels();
  const int64_t per_group = channels / layer.group;
  const int64_t positions = layer.out_positions();
  const int64_t per_sample = positions / layer.x[0];
  const int64_t in_sample = layer.in_positions() / layer.x[0] * layer.in_channels();
  const std::vector<Slice> slices = slices_of(layer);
  parallel_for(positions, std::max<int64_t>(1, (1 << 14) / std::max<int64_t>(channels * taps * width / layer.group, 1)),
               [&](int64_t begin, int64_t end) {
                 std::vector<int64_t> offsets(static_cast<size_t>(taps));
                 std::vector<int16_t> row(static_cast<size_t>(taps * width));
                 for (int64_t at = begin; at < end; ++at) {
                   window_offsets(axes, at % per_sample, offsets);
                   const int16_t* sample = scratch.levels.data() + at / per_sample * in_sample;
                   for (int64_t g = 0; g < layer.group; ++g) {
                     for (int64_t t = 0; t < taps; ++t) {
                       const int64_t from = offsets[static_cast<size_t>(t)];
                       int16_t* to = row.data() + t * width;
                       from < 0 ? std::fill_n(to, width, int16_t{0})
                                : std::copy_n(sample + from * layer.in_channels() + g * width, width, to);
                     }
                     for (int64_t o = g * per_group; o < (g + 1) * per_group; ++o) {
                       const int16_t* w = scratch.weights.data() + o * taps * width;
                       for (size_t s = 0; s < slices.size(); ++s) {
                         int32_t sum = 0;
                         if (slices.size() == 1) {
                           sum = dot(row.data(), w, taps * width);
                         } else {
                           for (int64_t t = 0; t < taps; ++t) {
                             sum += dot(row.data() + t * width + slices[s].first, w + t * width + slices[s].first,
                                        slices[s].width);
                           }
                         }
                         scratch.sums[(s * static_cast<size_t>(positions) + static_cast<size_t>(at)) *
                                          static_cast<size_t>(channels) +
                                      static_cast<size_t>(o)] = sum;
                       }
                     }
                   }
                 }
               });
}

}  // namespace

void centre(const IntegerLayer& layer, const Call& call, const int8_t* bytes, int16_t* levels) {
  const int64_t count = layer.in_positions() * layer.in_channels();
  const bool is_signed = layer.x_type == DType::i8 || layer.x_type == DType::i4;
  const auto* unsigned_bytes = reinterpret_cast<const uint8_t*>(bytes);
  for (int64_t i = 0; i < count; ++i) {
    levels[i] = is_signed ? bytes[i] : unsigned_bytes[i];
  }
  if (layer.run_time_zero) {
    const std::span<const uint8_t> zeros = call.input(5).values<uint8_t>();
    const int64_t each = count / static_cast<int64_t>(zeros.size());
    for (int64_t i = 0; i < count; ++i) {
      levels[i] = static_cast<int16_t>(levels[i] - zeros[static_cast<size_t>(i / each)]);
    }
  } else if (layer.params && !layer.params->levels.empty()) {
    for (int64_t i = 0; i < count; ++i) {
      levels[i] = layer.params->levels[static_cast<size_t>(levels[i] & 15)];
    }
  } else if (layer.params && !layer.params->zero_point.empty()) {
    const ScaleMap map(layer.x, layer.params->granularity);
    for (int64_t i = 0; i < count; ++i) {
      levels[i] = static_cast<int16_t>(levels[i] - layer.params->zero_of(map.of(i)));
    }
  }
}

Kernel exact_kernel(std::shared_ptr<const IntegerLayer> layer) {
  auto scratch = std::make_shared<Scratch>();
  const auto count = static_cast<size_t>(layer->in_positions() * layer->in_channels());
  scratch->weights = tap_major(*layer);
  scratch->bytes.resize(bits_of(layer->x_type) == 4 ? count : 0);
  scratch->levels.resize(count);
  scratch->sums.resize(static_cast<size_t>(layer->scale_groups * layer->out_positions() * layer->out_channels()));
  return [layer, scratch](const Call& call) -> Result<void> {
    const auto* bytes = raw<int8_t>(call.input(0));
    if (!scratch->bytes.empty()) {
      unpack(call.input(0).bytes().data(), static_cast<int64_t>(scratch->bytes.size()), plain_table(layer->x_type),
             scratch->bytes.data());
      bytes = scratch->bytes.data();
    }
    centre(*layer, call, bytes, scratch->levels.data());
    sum_windows(*layer, *scratch);
    finish_sums(*layer, scratch->sums.data(), call.has(4) ? call.input(4).values<float>() : std::span<const float>(),
                call.output());
    return {};
  };
}

}  // namespace dsq::onednn
