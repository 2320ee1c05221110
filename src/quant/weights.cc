#include "src/quant/weights.h"

#include <algorithm>
#include <cmath>

#include "src/quant/math.h"
#include "src/quant/scale_map.h"

namespace dsq {
namespace {

constexpr int32_t top_of(int bits) { return (1 << (bits - 1)) - 1; }

}  // namespace

StoredWeights store_weights(const Tensor& weights, const Granularity& granularity, int bits) {
  const std::span<const float> w = weights.values<float>();
  const ScaleMap map(weights.shape(), granularity);
  const int32_t top = top_of(bits);
  StoredWeights stored;
  stored.params.granularity = granularity;
  stored.params.scale.assign(map.scales(), 0.0F);
  for (size_t i = 0; i < w.size(); ++i) {
    float& largest = stored.params.scale[map.of(static_cast<int64_t>(i))];
    largest = std::max(largest, std::fabs(w[i]));
  }
  for (float& scale : stored.params.scale) {
    scale = symmetric_scale(scale, top);
  }
  stored.values = Tensor(bits == 4 ? DType::i4 : DType::i8, weights.shape());
  std::byte* bytes = stored.values.mutable_bytes().data();
  double noise = 0;
  double signal = 0;
  for (size_t i = 0; i < w.size(); ++i) {
    const float scale = stored.params.scale[map.of(static_cast<int64_t>(i))];
    const int32_t q = quantize(w[i], scale, 0, -top, top);
    const double difference = static_cast<double>(dequantize(q, scale, 0)) - w[i];
    noise += difference * difference;
    signal += static_cast<double>(w[i]) * w[i];
    if (bits == 4) {
      set_nibble(bytes, static_cast<int64_t>(i), q);
    } else {
      bytes[i] = static_cast<std::byte>(q);
    }
  }
  stored.error = signal > 0 ? std::sqrt(noise / signal) : 0;
  return stored;
}

StoredWeights store_within(const Tensor& weights, int32_t axis, int64_t unit, int bits, double limit) {
  StoredWeights stored = store_weights(weights, {axis, 0}, bits);
  const int64_t channels = std::max<int64_t>(weights.shape()[static_cast<size_t>(axis)], 1);
  const int64_t windows = weights.count() / channels / std::max<int64_t>(unit, 1);
  for (int64_t groups = 2; stored.error > limit; groups *= 2) {
    const int64_t each = std::max<int64_t>((windows + groups - 1) / groups, 1);
    if (groups / 2 >= windows) {
      break;  // the last round had a scale for every window
    }
    StoredWeights finer = store_weights(weights, {axis, each * unit}, bits);
    if (finer.error < stored.error) {
      stored = std::move(finer);
    }
  }
  return stored;
}

Tensor restore(const Tensor& values, const QuantParams& params) {
  const ScaleMap map(values.shape(), params.granularity);
  Tensor out(DType::f32, values.shape());
  const std::span<float> to = out.mutable_values<float>();
  const std::byte* bytes = values.bytes().data();
  const bool is_signed = values.dtype() == DType::i4 || values.dtype() == DType::i8;
  const bool nibbles = bits_of(values.dtype()) == 4;
  for (size_t i = 0; i < to.size(); ++i) {
    const auto at = static_cast<int64_t>(i);
    const int32_t q = nibbles     ? get_nibble(bytes, at, is_signed)
                      : is_signed ? static_cast<int8_t>(bytes[i])
                                  : static_cast<int32_t>(bytes[i]);
    const size_t index = map.of(at);
    const float scale = params.scale[params.scale.size() == 1 ? 0 : index];
    to[i] = params.levels.empty() ? dequantize(q, scale, params.zero_of(index))
                                  : static_cast<float>(params.levels[static_cast<size_t>(q & 15)]) * scale;
  }
  return out;
}

double relative_error(const Tensor& a, const Tensor& b) {
  const std::span<const float> x = a.values<float>();
  const std::span<const float> y = b.values<float>();
  double noise = 0;
  double signal = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const double difference = static_cast<double>(x[i]) - y[i];
    noise += difference * difference;
    signal += static_cast<double>(y[i]) * y[i];
  }
  if (signal > 0) {
    return std::sqrt(noise / signal);
  }
  return noise > 0 ? 1.0 : 0.0;
}

}  // namespace dsq
