// dsquant diff: two reports.
#include <algorithm>
#include <memory>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/table.h"
#include "formats/report/json.h"
#include "formats/report/markup.h"
#include "src/report/metrics.h"
#include "src/toolchain/diff.h"

namespace dsq::cli {
namespace {

struct Options {
  Common common;
  std::filesystem::path a;
  std::filesystem::path b;
  bool fail_on_regression = false;
};

Json to_json(const std::vector<Change>& changes) {
  Json json = Json::array();
  for (const Change& change : changes) {
    json.push_back({{"what", change.what}, {"a", change.a}, {"b", change.b}});
  }
  return json;
}

Json to_json(const Options& options, const ReportDiff& result) {
  Json layers = Json::array();
  for (const LayerChange& layer : result.layers) {
    layers.push_back({{"name", layer.name},
                      {"a", layer.a},
                      {"b", layer.b},
                      {"output_sqnr_db_a", layer.output_sqnr_a ? Json(*layer.output_sqnr_a) : Json()},
                      {"output_sqnr_db_b", layer.output_sqnr_b ? Json(*layer.output_sqnr_b) : Json()},
                      {"weight_error_a", layer.weight_error_a},
                      {"weight_error_b", layer.weight_error_b},
                      {"effect", layer.effect}});
  }
  return {{"a", options.a.string()},
          {"b", options.b.string()},
          {"same", result.same()},
          {"inputs", to_json(result.inputs)},
          {"results", to_json(result.results)},
          {"gates_failed", result.failed},
          {"gates_mended", result.mended},
          {"layers", layers},
          {"same_layers", result.same_layers}};
}

std::string changes_text(std::string_view heading, const std::vector<Change>& changes) {
  Table table({std::string(heading), "a", "b"});
  for (const Change& change : changes) {
    table.add({shortened(change.what, 30), change.a, change.b});
  }
  return table.empty() ? "" : "\n" + table.text();
}

std::string noise_text(const std::optional<double>& sqnr, double weight_error, bool held) {
  return !held ? "" : sqnr ? page::decibel(*sqnr) : fmt::format("{:.2f} % of weights", weight_error * 100);
}

std::string layers_text(const ReportDiff& result) {
  constexpr size_t kMost = 30;
  std::string text;
  const auto count = static_cast<int64_t>(result.layers.size());
  if (count > 0) {
    text = fmt::format("\n{} of {} changed, the largest effect first\n", count,
                       page::plural(count + result.same_layers, "layer"));
  }
  Table table({"layer", ">a", ">b", "held as"});
  for (size_t i = 0; i < std::min(kMost, result.layers.size()); ++i) {
    const LayerChange& layer = result.layers[i];
    const std::string how = layer.a.empty()      ? "only in b: " + layer.b
                            : layer.b.empty()    ? "only in a: " + layer.a
                            : layer.a == layer.b ? layer.a
                                                 : layer.a + " -> " + layer.b;
    table.add({shortened(layer.name, 30), noise_text(layer.output_sqnr_a, layer.weight_error_a, !layer.a.empty()),
               noise_text(layer.output_sqnr_b, layer.weight_error_b, !layer.b.empty()), how});
  }
  text += table.empty() ? "" : table.text();
  return text + (result.layers.size() > kMost ? fmt::format("  and {} more: --json lists them\n", count - kMost) : "");
}

std::string to_text(const Options& options, const Report& a, const Report& b, const ReportDiff& result) {
  std::string text = fmt::format("a {}: {}\nb {}: {}\n", options.a.string(), visible(a.headline), options.b.string(),
                                 visible(b.headline));
  if (result.same()) {
    return text + "the same in all that matters\n";
  }
  text += changes_text("went in", result.inputs) + changes_text("came out", result.results);
  for (const std::string& gate : result.failed) {
    text += "\ngate missed that a met: " + gate + "\n";
  }
  for (const std::string& gate : result.mended) {
    text += "\ngate met that a missed: " + gate + "\n";
  }
  return text + layers_text(result);
}

Result<Exit> run(const Options& options, Console& console) {
  const Report a = DSQ_TRY(read_report(options.a));
  const Report b = DSQ_TRY(read_report(options.b));
  const ReportDiff result = diff(a, b);
  options.common.json ? console.print_json(to_json(options, result))
                      : console.print(fitted(to_text(options, a, b, result)));
  if (options.fail_on_regression && !result.failed.empty()) {
    return fail(Code::gate_failed, "{}", fmt::join(result.failed, "; "))
        .at(options.b.string())
        .hint("the layers that changed most are listed first");
  }
  return Exit::ok;
}

}  // namespace

Action define_diff(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  add_model(app, options->a, "A", "the .report.json that the other one is compared with");
  add_model(app, options->b, "B", "the other .report.json");
  app.add_flag("--fail-on-regression", options->fail_on_regression,
               "Fail (exit status 1) when B misses a gate that A met, or did not have");
  add_json(app, options->common);
  return [options](Console& console) { return run(*options, console); };
}

}  // namespace dsq::cli
