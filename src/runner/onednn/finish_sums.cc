// From int32 sums to results, one vector of channels at a time: the formula of portable/qconv.cc in its order.
#include <algorithm>

#include "src/quant/math.h"
#include "src/runner/onednn/integer_layer.h"
#include "src/runner/onednn/nibbles.h"
#include "src/runner/portable/activation.h"
#include "src/runner/portable/dispatch.h"
#include "src/support/parallel.h"

namespace dsq::onednn {
namespace {

void first_term(const int32_t* acc, const float* m, float* v, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    v[i] = static_cast<float>(acc[i]) * m[i];
  }
}
void next_term(const int32_t* acc, const float* m, float* v, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    v[i] = v[i] + static_cast<float>(acc[i]) * m[i];
  }
}
void scaled(const float* m, float scale, float* to, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    to[i] = scale * m[i];
  }
}
void plus(const float* b, float* v, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    v[i] = v[i] + b[i];
  }
}
template <class T>
void store(const float* v, float low, float high, T* out, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    out[i] = static_cast<T>(saturate(v[i], low, high));
  }
}

// Calls row(position, values of its channels) for every output position.
template <class Row>
void for_each_position(const IntegerLayer& layer, const int32_t* sums, std::span<const float> scales, Row row) {
  const int64_t channels = layer.out_channels();
  const int64_t positions = layer.out_positions();
  const int64_t per_scale = scales.empty() ? positions : positions / static_cast<int64_t>(scales.size());
  parallel_for(
      positions, std::max<int64_t>(1, (1 << 13) / (channels * layer.scale_groups)), [&](int64_t begin, int64_t end) {
        std::vector<float> v(static_cast<size_t>(channels));
        std::vector<float> factors(scales.empty() ? 0 : layer.m.size());
        int64_t scaled_for = -1;
        for (int64_t at = begin; at < end; ++at) {
          const float* m = layer.m.data();
          if (!scales.empty()) {
            if (scaled_for != at / per_scale) {
              scaled_for = at / per_scale;
              scaled(m, scales[static_cast<size_t>(scaled_for)], factors.data(), static_cast<int64_t>(factors.size()));
            }
            m = factors.data();
          }
          for (int64_t g = 0; g < layer.scale_groups; ++g) {
            const int32_t* acc = sums + (g * positions + at) * channels;
            g == 0 ? first_term(acc, m, v.data(), channels) : next_term(acc, m + g * channels, v.data(), channels);
          }
          if (!layer.b.empty()) {
            plus(layer.b.data(), v.data(), channels);
          }
          row(at, v.data());
        }
      });
}

// Activation, rounding and storage. each(row) calls row(position, values of its channels) for every output position.
template <class Each>
void finish(const IntegerLayer& layer, Tensor& out, Each each) {
  const int64_t channels = layer.out_channels();
  if (layer.y_type == DType::f32) {
    auto* y = portable::raw<float>(out);
    each([&](int64_t at, float* v) {
      portable::apply(layer.act, v, channels);
      if (v != y + at * channels) {
        std::copy_n(v, channels, y + at * channels);
      }
    });
    return;
  }
  const IntRange range = range_of(layer.y_type);
  float low = static_cast<float>(range.low);
  float high = static_cast<float>(range.high);
  if (layer.act.kind == ActKind::clip) {
    low = std::max(low, layer.act.a);
    high = std::min(high, layer.act.b);
  }
  std::vector<uint8_t> wide(bits_of(layer.y_type) == 4 ? static_cast<size_t>(layer.out_positions() * channels) : 0);
  auto* bytes = wide.empty() ? portable::raw<uint8_t>(out) : wide.data();
  const bool is_signed = range.low < 0;
  each([&](int64_t at, const float* v) {
    is_signed ? store(v, low, high, reinterpret_cast<int8_t*>(bytes) + at * channels, channels)
              : store(v, low, high, bytes + at * channels, channels);
  });
  if (!wide.empty()) {
    pack(wide.data(), static_cast<int64_t>(wide.size()), out.mutable_bytes().data());
  }
}

}  // namespace

void add_slice(const IntegerLayer& layer, int64_t slice, const int32_t* sums, std::span<const float> scales, float* v) {
  const int64_t channels = layer.out_channels();
  const int64_t positions = layer.out_positions();
  const int64_t per_scale = scales.empty() ? positions : positions / static_cast<int64_t>(scales.size());
  parallel_for(positions, std::max<int64_t>(1, (1 << 13) / channels), [&](int64_t begin, int64_t end) {
    std::vector<float> factors(scales.empty() ? 0 : static_cast<size_t>(channels));
    for (int64_t at = begin; at < end; ++at) {
      const float* m = layer.m.data() + slice * channels;
      if (!scales.empty()) {
        scaled(m, scales[static_cast<size_t>(at / per_scale)], factors.data(), channels);
        m = factors.data();
      }
      slice == 0 ? first_term(sums + at * channels, m, v + at * channels, channels)
                 : next_term(sums + at * channels, m, v + at * channels, channels);
    }
  });
}

void finish_slices(const IntegerLayer& layer, float* v, Tensor& out) {
  const int64_t channels = layer.out_channels();
  finish(layer, out, [&](auto row) {
    parallel_for(layer.out_positions(), std::max<int64_t>(1, (1 << 13) / channels), [&](int64_t begin, int64_t end) {
      for (int64_t at = begin; at < end; ++at) {
        if (!layer.b.empty()) {
          plus(layer.b.data(), v + at * channels, channels);
        }
        row(at, v + at * channels);
      }
    });
  });
}

void finish_sums(const IntegerLayer& layer, const int32_t* sums, std::span<const float> scales, Tensor& out) {
  finish(layer, out, [&](auto row) { for_each_position(layer, sums, scales, row); });
}

}  // namespace dsq::onednn
