#include "formats/report/sarif.h"

#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "formats/report/ci_text.h"
#include "formats/report/select.h"

namespace dsq {
namespace {

using Json = nlohmann::ordered_json;

// "baseline: output SQNR" -> "gate/baseline-output-sqnr": letters and digits, for rules that stay the same.
std::string rule_of_gate(const std::string& name) {
  std::string id;
  for (const char c : name.substr(0, name.find(" ("))) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (plain) {
      id += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    } else if (!id.empty() && id.back() != '-') {
      id += '-';
    }
  }
  return "gate/" + (id.empty() ? "unnamed" : id);
}

// A URI reference to a file of this name (RFC 3986).
std::string uri_of(const std::string& name) {
  constexpr std::string_view kPlain = "-._~";
  std::string uri;
  for (const char c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       kPlain.find(c) != std::string_view::npos;
    uri += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return uri.empty() ? "model" : uri;
}

class Results {
 public:
  explicit Results(const Report& report) : uri_(uri_of(report.model_name)) {}

  void add(const std::string& rule, const std::string& title, const char* level, const std::string& text,
           const std::string& layer) {
    if (rules_.emplace(rule, rules_.size()).second) {
      described_.push_back({{"id", rule}, {"shortDescription", {{"text", title}}}});
    }
    Json location = {{"physicalLocation", {{"artifactLocation", {{"uri", uri_}}}}}};
    if (!layer.empty()) {
      location["logicalLocations"] = Json::array({{{"name", layer}, {"kind", "member"}}});
    }
    results_.push_back({{"ruleId", rule},
                        {"ruleIndex", rules_.at(rule)},
                        {"level", level},
                        {"message", {{"text", text}}},
                        {"locations", Json::array({location})}});
  }
  Json rules() const { return described_; }
  Json results() const { return results_; }

 private:
  std::string uri_;
  std::map<std::string, size_t> rules_;
  Json described_ = Json::array();
  Json results_ = Json::array();
};

}  // namespace

std::string to_sarif(const Report& report) {
  Results results(report);
  for (const Gate& gate : report.gates) {
    if (!gate.passed) {
      results.add(
          rule_of_gate(gate.name), gate.name, "error",
          fmt::format("{}: {}, the limit is {}\n{}", gate.name, gate.found, gate.limit, worst_layers_text(report)), "");
    }
  }
  for (const LayerReport& layer : report.layers) {
    if (misses_limit(report, layer)) {
      results.add("layer/weight-error", "weight error of a layer", "error",
                  fmt::format("{}: weight error {:.2f} %, the limit is {:.3g} %", layer_name(layer),
                              layer.weight_error * 100, report.max_weight_error * 100),
                  layer_name(layer));
    }
  }
  for (const Diagnostic& each : report.diagnostics) {
    if (each.severity == Severity::warning) {
      results.add(code_name(each.code), std::string(info_of(each.code).title), "warning",
                  each.where.empty() ? each.text : each.where + ": " + each.text, each.where);
    }
  }
  const Json driver = {{"name", "dsquant"}, {"version", report.tool_version}, {"rules", results.rules()}};
  const Json run = {{"tool", {{"driver", driver}}}, {"results", results.results()}};
  const Json sarif = {
      {"$schema", "https://json.schemastore.org/sarif-2.1.0.json"}, {"version", "2.1.0"}, {"runs", Json::array({run})}};
  return sarif.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace dsq
