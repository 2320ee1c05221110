#include "src/quant/fake.h"

#include <algorithm>

#include "src/quant/math.h"
#include "src/quant/scale_map.h"

namespace dsq {
namespace {

void by_unit(std::span<float> values, int64_t units, int32_t steps) {
  const size_t size = units > 0 ? values.size() / static_cast<size_t>(units) : 0;
  for (int64_t u = 0; u < units; ++u) {
    const std::span<float> unit = values.subspan(static_cast<size_t>(u) * size, size);
    float low = 0;
    float high = 0;
    for (const float v : unit) {
      low = std::min(low, v);
      high = std::max(high, v);
    }
    const ScaleZero p = affine_range(low, high, steps);
    for (float& v : unit) {
      v = dequantize(quantize(v, p.scale, p.zero, 0, steps), p.scale, p.zero);
    }
  }
}

}  // namespace

Tensor fake_quantized(const Tensor& x, const QuantSpec& spec, const QuantParams* params) {
  Tensor out = x.clone();
  const std::span<float> values = out.mutable_values<float>();
  const IntRange range = range_of(spec.storage);
  if (params == nullptr) {
    const Shape& shape = x.shape();
    const int64_t tokens = shape.empty() || shape.back() == 0 ? 0 : x.count() / shape.back();
    by_unit(values,
            spec.range == RangeSource::per_token ? tokens
            : shape.empty()                      ? 1
                                                 : shape.front(),
            static_cast<int32_t>(range.high));
    return out;
  }
  const ScaleMap map(x.shape(), params->granularity);
  for (size_t i = 0; i < values.size(); ++i) {
    const size_t index = map.of(static_cast<int64_t>(i));
    const float scale = params->scale[params->scale.size() == 1 ? 0 : index];
    const int32_t zero = params->zero_of(index);
    values[i] =
        dequantize(quantize(values[i], scale, zero, static_cast<int32_t>(range.low), static_cast<int32_t>(range.high)),
                   scale, zero);
  }
  return out;
}

}  // namespace dsq
