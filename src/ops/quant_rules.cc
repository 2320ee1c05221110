#include "src/ops/quant_rules.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include <fmt/format.h>

namespace dsq {
namespace {

constexpr int64_t kMaxGroup = int64_t{1} << 40;
constexpr size_t kLevels = 16;

bool possible(const Granularity& granularity) {
  return granularity.axis >= -1 && granularity.group >= 0 && granularity.group <= kMaxGroup &&
         (granularity.axis >= 0 || granularity.group == 0);
}

// Of a granularity along an axis of `type` that is not open.
int64_t scales_of(const Granularity& granularity, const TensorType& type) {
  if (granularity.axis < 0) {
    return 1;
  }
  const int64_t channels = (*type.shape)[static_cast<size_t>(granularity.axis)];
  if (granularity.group == 0 || channels == 0) {
    return channels;
  }
  const int64_t rest = count_of(*type.shape) / channels;
  return channels * std::max<int64_t>((rest + granularity.group - 1) / granularity.group, 1);
}

}  // namespace

std::string wrong_with(const QuantSpec& spec) {
  const bool storable = (is_integer(spec.storage) && bits_of(spec.storage) <= 32) || spec.storage == DType::f16;
  if (!storable) {
    return fmt::format("it cannot be stored as {}", name_of(spec.storage));
  }
  if (!possible(spec.granularity)) {
    return fmt::format("it wants scales for axis {} in groups of {}", spec.granularity.axis, spec.granularity.group);
  }
  return {};
}

std::string wrong_with(const QuantParams& params, const TensorType& type, std::optional<DType> storage) {
  const auto& [axis, group] = params.granularity;
  if (!possible(params.granularity) || (type.shape && axis >= type.rank())) {
    return fmt::format("axis {} and group {} do not fit {}", axis, group, text_of(type));
  }
  const bool open = axis >= 0 && (!type.shape || (*type.shape)[static_cast<size_t>(axis)] == kUnknown ||
                                  (group > 0 && !type.known()));
  if (open) {
    return fmt::format("it has scales along an open dimension of {}", text_of(type));
  }
  const size_t scales = params.scale.size();
  if (const int64_t wanted = scales_of(params.granularity, type); static_cast<int64_t>(scales) != wanted) {
    return fmt::format("it has {} scales, its granularity asks for {}", scales, wanted);
  }
  if (!std::ranges::all_of(params.scale, [](float scale) { return scale > 0.0F && std::isfinite(scale); })) {
    return "it has a scale that is not a positive number";
  }
  const size_t zeros = params.zero_point.size();
  if (zeros > 1 && zeros != scales) {
    return fmt::format("it has {} zero points for {} scales", zeros, scales);
  }
  const IntRange range =
      storage && is_integer(*storage) && bits_of(*storage) <= 32 ? range_of(*storage) : IntRange{INT32_MIN, INT32_MAX};
  if (!std::ranges::all_of(params.zero_point, [&](int32_t z) { return z >= range.low && z <= range.high; })) {
    return fmt::format("it has a zero point that {} does not hold", name_of(*storage));
  }
  if (!params.levels.empty()) {
    const bool ascending = std::ranges::adjacent_find(params.levels, std::greater_equal<>()) == params.levels.end();
    if (params.levels.size() != kLevels || !ascending || zeros != 0 || (storage && bits_of(*storage) != 4)) {
      return "it has levels that are not 16 ascending ones of a 4-bit type without zero points";
    }
  }
  return {};
}

}  // namespace dsq
