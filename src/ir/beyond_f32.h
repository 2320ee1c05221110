// Everything is computed in f32; what f64 holds beyond its range would become infinite.
#pragma once

#include <algorithm>
#include <cmath>
#include <optional>

#include "src/ir/tensor.h"

namespace dsq {

// The first finite number of an f64 tensor that is beyond the range of f32. None of other tensors.
inline std::optional<double> beyond_f32(const Tensor& tensor) {
  if (tensor.dtype() != DType::f64) {
    return std::nullopt;
  }
  const std::span<const double> values = tensor.values<double>();
  const auto bad =
      std::ranges::find_if(values, [](double v) { return std::isfinite(v) && !std::isfinite(static_cast<float>(v)); });
  return bad == values.end() ? std::nullopt : std::optional(*bad);
}

}  // namespace dsq
