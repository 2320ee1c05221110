// Quantization as a property of a value: what is wanted (QuantSpec) and what was got (QuantParams).
//
//   real = scale * level(q),   level(q) = q - zero_point            (uniform)
//                              level(q) = levels[q]                 (4-bit values with a level table)
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "src/ir/dtype.h"

namespace dsq {

// How many elements share a scale. {-1, 0} one per tensor; {a, 0} one per index of axis a; {a, g} as {a, 0}, and the
// remaining elements of each index, taken in order, are cut into groups of g that have a scale each.
struct Granularity {
  int32_t axis = -1;
  int64_t group = 0;
  bool operator==(const Granularity&) const = default;
};

// Where the range of an activation comes from.
enum class RangeSource : uint8_t {
  fixed,       // known from the operator or the imported model
  calibrated,  // observed on data
  per_sample,  // taken at run time, for each index of axis 0
  per_token,   // taken at run time, for each vector along the last axis
};
std::string_view name_of(RangeSource source);

struct QuantSpec {
  DType storage = DType::i8;
  Granularity granularity;
  bool symmetric = false;
  RangeSource range = RangeSource::calibrated;
  bool operator==(const QuantSpec&) const = default;
};

struct QuantParams {
  Granularity granularity;
  std::vector<float> scale;
  std::vector<int32_t> zero_point;  // empty: all zero
  std::vector<int8_t> levels;       // empty: uniform; otherwise 16 levels of a 4-bit value
  int32_t zero_of(size_t index) const {
    return zero_point.empty() ? 0 : zero_point[zero_point.size() == 1 ? 0 : index];
  }
  bool operator==(const QuantParams&) const = default;
};

}  // namespace dsq
