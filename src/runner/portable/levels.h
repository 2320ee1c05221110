// Integer tensors as the centred integers that they stand for: level(q) = q - zero point, or an entry of the level
// table. Kernels get 4-bit tensors unpacked to one byte an element (table.cc does it around every kernel).
#pragma once

#include "src/quant/math.h"
#include "src/quant/scale_map.h"
#include "src/runner/portable/dispatch.h"

namespace dsq::portable {

inline int32_t byte_at(const Tensor& tensor, int64_t i) {
  return tensor.dtype() == DType::u8 ? raw<uint8_t>(tensor)[i] : raw<int8_t>(tensor)[i];
}

// All levels of an 8-bit (or unpacked 4-bit) tensor, in [-255, 255].
inline std::vector<int16_t> levels_of(const Tensor& tensor, const QuantParams* params) {
  std::vector<int16_t> levels(static_cast<size_t>(tensor.count()));
  const ScaleMap map(tensor.shape(), params == nullptr ? Granularity{} : params->granularity);
  for (int64_t i = 0; i < tensor.count(); ++i) {
    const int32_t q = byte_at(tensor, i);
    int32_t level = q;
    if (params != nullptr) {
      level = params->levels.empty() ? q - params->zero_of(map.of(i)) : params->levels[static_cast<size_t>(q & 15)];
    }
    levels[static_cast<size_t>(i)] = static_cast<int16_t>(level);
  }
  return levels;
}

// The bounds to which an output saturates: those of its declared type, narrowed by a fused clip.
struct Bounds {
  float low;
  float high;
};
inline Bounds bounds_of(const Call& call, const Activation& act = {}) {
  const IntRange range = range_of(call.graph.value(call.node.outputs[0]).type.dtype);
  Bounds bounds{static_cast<float>(range.low), static_cast<float>(range.high)};
  if (act.kind == ActKind::clip) {
    bounds = {std::max(bounds.low, act.a), std::min(bounds.high, act.b)};
  }
  return bounds;
}

// A parameter vector that holds one value for all, or one a channel.
inline float shared_or(std::span<const float> values, size_t channel) {
  return values[values.size() == 1 ? 0 : channel];
}

// The axis of which such vectors hold one value an index, -1 when they hold one for all: axis 1, or the last for vectors
// of the tensor's rank (which backends make for channels-last data).
inline int32_t channel_axis(std::initializer_list<const Tensor*> vectors) {
  for (const Tensor* vector : vectors) {
    if (vector->count() > 1) {
      return vector->rank() > 1 ? static_cast<int32_t>(vector->rank()) - 1 : 1;
    }
  }
  return -1;
}

// Stores a saturated integer into an 8-bit output.
inline void put_byte(Tensor& tensor, int64_t i, int32_t q) {
  if (tensor.dtype() == DType::u8) {
    raw<uint8_t>(tensor)[i] = static_cast<uint8_t>(q);
  } else {
    raw<int8_t>(tensor)[i] = static_cast<int8_t>(q);
  }
}

}  // namespace dsq::portable
