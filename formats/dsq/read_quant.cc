// What a file says of the quantization of its values.
#include "formats/dsq/graph_reader.h"

#include <algorithm>
#include <array>

#include "formats/dsq/stored.h"
#include "src/ops/quant_rules.h"

namespace dsq {

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
  if (stored.zero_point() != nullptr) {
    out.zero_point.assign(stored.zero_point()->begin(), stored.zero_point()->end());
  }
  if (stored.levels() != nullptr) {
    out.levels.assign(stored.levels()->begin(), stored.levels()->end());
  }
  if (const std::string wrong = wrong_with(out, type, storage); !wrong.empty()) {
    return invalid("{}", wrong);
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
    if (const std::string wrong = wrong_with(spec); !wrong.empty()) {
      return invalid("the wanted quantization of '{}': {}", g.value(id).name, wrong);
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
