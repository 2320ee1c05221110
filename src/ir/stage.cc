#include "src/ir/stage.h"

#include <array>

#include "src/ir/quant.h"

namespace dsq {
namespace {
constexpr auto kStages = std::to_array<std::string_view>({"float", "planned", "calibrated", "quantized", "lowered"});
constexpr auto kSources = std::to_array<std::string_view>({"fixed", "calibrated", "per_sample", "per_token"});
}  // namespace

std::string_view name_of(Stage stage) { return kStages[static_cast<size_t>(stage)]; }

std::optional<Stage> stage_from(std::string_view name) {
  for (size_t i = 0; i < kStages.size(); ++i) {
    if (kStages[i] == name) {
      return static_cast<Stage>(i);
    }
  }
  return std::nullopt;
}

std::string_view name_of(RangeSource source) { return kSources[static_cast<size_t>(source)]; }

}  // namespace dsq
