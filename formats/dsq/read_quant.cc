// What a file says of the quantization of its values.
#include "formats/dsq/graph_reader.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "formats/dsq/stored.h"
#include "src/quant/scale_map.h"

namespace dsq {
namespace {

constexpr int64_t kMaxDimension = int64_t{1} << 40;

}  // namespace

Result<QuantParams> GraphReader::quant_params(const fb::QuantParams& stored, const TensorType& type,
                                              std::optional<DType> storage) {
  if (stored.scale() >= tensors_.size() || tensors_[stored.scale()].dtype() != DType::f32 ||
      tensors_[stored.scale()].rank() != 1) {
    return invalid("a scale is not a vector of f32");
  }
  is_scale_[stored.scale()] = true;
  const std::span<const float> scale = tensors_[stored.scale()].values<float>();
  DSQ_TRY(budget_.take(scale.size_bytes() * 2));
  QuantParams out;
  out.granularity = {stored.axis(), stored.group()};
  out.scale.assign(scale.begin(), scale.end());
  if (!std::ranges::all_of(scale, [](float s) { return std::isfinite(s) && s > 0; })) {
    return invalid("a scale is not positive and finite");
  }
  const auto axis = static_cast<int64_t>(stored.axis());
  size_t scales = 1;
  if (axis < -1 || stored.group() < 0 || stored.group() > kMaxDimension || (axis == -1 && stored.group() != 0) ||
      (axis >= 0 && axis >= type.rank())) {
    return invalid("axis {} and group {} do not fit {}", axis, stored.group(), text_of(type));
  }
  if (axis >= 0) {
    const int64_t channels = (*type.shape)[static_cast<size_t>(axis)];
    if (channels == kUnknown || (stored.group() > 0 && !type.known())) {
      return invalid("scales along an open dimension of {}", text_of(type));
    }
    scales = stored.group() == 0 ? static_cast<size_t>(channels) : ScaleMap(*type.shape, out.granularity).scales();
  }
  if (scale.size() != scales) {
    return invalid("{} scales where {} are needed", scale.size(), scales);
  }
  if (stored.zero_point() != nullptr) {
    out.zero_point.assign(stored.zero_point()->begin(), stored.zero_point()->end());
    const IntRange range = storage ? range_of(*storage) : IntRange{INT32_MIN, INT32_MAX};
    const bool in_range =
        std::ranges::all_of(out.zero_point, [&](int32_t z) { return z >= range.low && z <= range.high; });
    if ((out.zero_point.size() != 1 && out.zero_point.size() != scales) || !in_range) {
      return invalid("zero points of a wrong number, or outside their type");
    }
  }
  if (stored.levels() != nullptr) {
    out.levels.assign(stored.levels()->begin(), stored.levels()->end());
    const bool ascending = std::ranges::adjacent_find(out.levels, std::greater_equal<>()) == out.levels.end();
    if (out.levels.size() != 16 || !ascending || !out.zero_point.empty() || (storage && bits_of(*storage) != 4)) {
      return invalid("a level table is not 16 ascending levels of a 4-bit type");
    }
  }
  return out;
}

Result<void> GraphReader::annotate(const fb::Value& stored, Graph& g, ValueId id) {
  const TensorType& type = g.value(id).type;
  std::optional<DType> storage =
      is_integer(type.dtype) && bits_of(type.dtype) <= 32 ? std::optional(type.dtype) : std::nullopt;
  if (stored.spec() != nullptr) {
    QuantSpec spec;
    spec.storage = DSQ_TRY(dtype_of(stored.spec()->storage()));
    spec.granularity = {stored.spec()->axis(), stored.spec()->group()};
    spec.symmetric = stored.spec()->symmetric();
    constexpr auto kSources =
        std::to_array({RangeSource::fixed, RangeSource::calibrated, RangeSource::per_sample, RangeSource::per_token});
    const auto source =
        std::ranges::find(kSources, text_of(stored.spec()->range()), [](RangeSource s) { return name_of(s); });
    if (source == kSources.end()) {
      return unknown("range", text_of(stored.spec()->range()));
    }
    const bool storable = (is_integer(spec.storage) && bits_of(spec.storage) <= 32) || spec.storage == DType::f16;
    if (!storable || spec.granularity.axis < -1 || spec.granularity.group < 0) {
      return invalid("the wanted quantization of '{}' is impossible", g.value(id).name);
    }
    spec.range = *source;
    storage = storage ? storage : spec.storage;
    g.set_spec(id, spec);
  }
  if (stored.params() != nullptr) {
    Result<QuantParams> params = quant_params(*stored.params(), type, storage);
    if (!params) {
      return std::move(params).error().with("value '" + g.value(id).name + "'");
    }
    g.set_params(id, std::move(*params));
  }
  return {};
}

}  // namespace dsq
