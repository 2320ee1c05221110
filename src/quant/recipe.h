// What the user asks for: precisions, and exceptions by node.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "src/support/result.h"

namespace dsq {

enum class Precision : uint8_t { int4, int6, int8, fp16, floating };
std::string_view name_of(Precision precision);  // "int4", ..., "fp16", "float"
std::optional<Precision> precision_from(std::string_view name);
constexpr bool is_integer(Precision precision) { return precision <= Precision::int8; }

// --keep PATTERN=PRECISION: layers whose name, or whose operator's name, matches the glob. int8: weights and activations
// at 8 bits; fp16 and float: weights stored so, computed in fp32. Later rules win.
struct Keep {
  std::string pattern;
  Precision precision = Precision::fp16;
  bool operator==(const Keep&) const = default;
};

// What the inputs of single layers are quantized to: int4, int8 or fp16, by the name of the layer, or that of its output
// where it has none. Weights stay as they are asked for.
using Plan = std::map<std::string, Precision>;

// Layers, by the same names, whose inputs take their ranges at run time where they have this precision, although ranges
// are calibrated.
using RunTimeRanges = std::set<std::pair<std::string, Precision>>;

// Repairs with data, without training (calibration/recover.h).
enum class Recovery : uint8_t { none, fast };
std::string_view name_of(Recovery recovery);  // "none", "fast"
std::optional<Recovery> recovery_from(std::string_view name);

struct Recipe {
  Precision weights = Precision::int8;
  Precision act = Precision::int4;  // int6 is not offered for activations
  std::vector<Keep> keep;
  Plan plan;                       // where it differs from `act`; `keep` wins over it
  bool calibrated = false;         // ranges come from data; otherwise they are taken at run time
  RunTimeRanges run_time;          // where they are nevertheless
  bool edges_at_act = false;       // first and last layer at `act` too, instead of int8
  double max_weight_error = 0.01;  // relative L2 per layer; enforced for int8 weights
  Recovery recover = Recovery::none;
  bool operator==(const Recipe&) const = default;
};

}  // namespace dsq
