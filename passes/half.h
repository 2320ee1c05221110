// fp16 storage of constants.
#pragma once

#include "src/ir/half.h"
#include "src/ir/tensor.h"

namespace dsq {

inline Tensor to_half(const Tensor& weights) {
  Tensor half(DType::f16, weights.shape());
  auto* to = reinterpret_cast<uint16_t*>(half.mutable_bytes().data());
  const std::span<const float> from = weights.values<float>();
  for (size_t i = 0; i < from.size(); ++i) {
    to[i] = f32_to_f16(from[i]);
  }
  return half;
}

inline Tensor from_half(const Tensor& half) {
  const std::vector<float> values = to_floats(half);
  return Tensor::of<float>(half.shape(), std::span<const float>(values));
}

}  // namespace dsq
