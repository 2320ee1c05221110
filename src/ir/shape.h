// Shapes: dimensions in row-major order. -1 stands for a dimension that is not known yet.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "src/ir/dtype.h"
#include "src/support/result.h"

namespace dsq {

using Shape = std::vector<int64_t>;
inline constexpr int64_t kUnknown = -1;

bool is_known(std::span<const int64_t> shape);
// The product of known dimensions; 1 for a scalar. The caller has checked the shape with checked_count().
int64_t count_of(std::span<const int64_t> shape);
// As count_of, but an error (tensor_invalid) for negative dimensions and above 2^40 elements.
Result<int64_t> checked_count(std::span<const int64_t> shape);
Shape strides_of(std::span<const int64_t> shape);     // in elements
std::string text_of(std::span<const int64_t> shape);  // "[1,3,?,8]"

// NumPy broadcasting; an unknown dimension yields the other one when that is not 1. Errors: shape_mismatch.
Result<Shape> broadcast(std::span<const int64_t> a, std::span<const int64_t> b);

// A possibly negative axis made non-negative. Errors: attribute_invalid.
Result<int64_t> normalize_axis(int64_t axis, int64_t rank);

// The type of a value: without `shape` not even the rank is known.
struct TensorType {
  DType dtype = DType::f32;
  std::optional<Shape> shape;

  bool known() const { return shape.has_value() && is_known(*shape); }
  int64_t rank() const { return shape ? static_cast<int64_t>(shape->size()) : kUnknown; }
  bool operator==(const TensorType&) const = default;
};
std::string text_of(const TensorType& type);  // "f32[1,3,?,8]", "f32[*]" without rank

}  // namespace dsq
