#include "formats/plan/plan.h"

#include <nlohmann/json.hpp>

namespace dsq {

std::string plan_text(const Plan& plan) {
  nlohmann::ordered_json layers = nlohmann::ordered_json::object();
  for (const auto& [layer, precision] : plan) {
    layers[layer] = name_of(precision);
  }
  nlohmann::ordered_json json;
  json["layers"] = std::move(layers);
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

Result<Plan> parse_plan(std::string_view text) {
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("layers") || !json["layers"].is_object()) {
    return fail(Code::data_unreadable, "it is no plan: an object in JSON with \"layers\" is expected")
        .hint("--plan reads what --plan wrote");
  }
  Plan plan;
  for (const auto& [layer, value] : json["layers"].items()) {
    const std::optional<Precision> precision =
        value.is_string() ? precision_from(value.get<std::string>()) : std::nullopt;
    if (precision != Precision::int4 && precision != Precision::int8 && precision != Precision::fp16) {
      return fail(Code::data_unreadable, "layer '{}' has {}: int4, int8 or fp16 is expected", layer, value.dump());
    }
    plan[layer] = *precision;
  }
  return plan;
}

}  // namespace dsq
