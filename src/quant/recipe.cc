#include "src/quant/recipe.h"

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

}  // namespace

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
