#include "src/quant/recipe.h"

#include <algorithm>
#include <array>
#include <utility>

namespace dsq {
namespace {

constexpr auto kNames = std::to_array<std::pair<Precision, std::string_view>>({
    {Precision::int4, "int4"},
    {Precision::int6, "int6"},
    {Precision::int8, "int8"},
    {Precision::fp16, "fp16"},
    {Precision::floating, "float"},
});

constexpr auto kRecoveries = std::to_array<std::string_view>({"none", "fast"});

}  // namespace

std::string_view name_of(Recovery recovery) { return kRecoveries[static_cast<size_t>(recovery)]; }

std::optional<Recovery> recovery_from(std::string_view name) {
  const auto found = std::ranges::find(kRecoveries, name);
  return found == kRecoveries.end() ? std::nullopt : std::optional(static_cast<Recovery>(found - kRecoveries.begin()));
}

std::string_view name_of(Precision precision) { return kNames[static_cast<size_t>(precision)].second; }

std::optional<Precision> precision_from(std::string_view name) {
  for (const auto& [precision, text] : kNames) {
    if (text == name) {
      return precision;
    }
  }
  return std::nullopt;
}

}  // namespace dsq
