// The life of a graph. What is legal at each stage is checked in src/ops/verify.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace dsq {

enum class Stage : uint8_t {
  floating,    // float operators only; imported quantize/dequantize pairs until absorb_qdq
  planned,     // values that will be integers carry a QuantSpec
  calibrated,  // every spec has its params, unless the range is taken at run time
  quantized,   // weights are stored as integers
  lowered,     // every value has one storage type; integer operators; explicit conversions
};
std::string_view name_of(Stage stage);
std::optional<Stage> stage_from(std::string_view name);

}  // namespace dsq
