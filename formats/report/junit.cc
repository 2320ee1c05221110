#include "formats/report/junit.h"

#include <algorithm>

#include <fmt/format.h>

#include "formats/report/ci_text.h"
#include "formats/report/markup.h"
#include "formats/report/select.h"

namespace dsq {
namespace {

using page::escape;  // its entities are those of XML, and what XML cannot hold is U+FFFD

// Line by line: an end of line may stand in a text of XML.
std::string escaped_lines(const std::string& text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    out += escape(std::string_view(text).substr(at, end - at)) + "\n";
    at = end + 1;
  }
  return out;
}

std::string test_case(const std::string& suite, const std::string& name, const std::string& failure,
                      const std::string& text) {
  const std::string head = fmt::format("    <testcase classname=\"{}\" name=\"{}\"", escape(suite), escape(name));
  if (failure.empty()) {
    return head + "/>\n";
  }
  return head + fmt::format(">\n      <failure message=\"{}\" type=\"gate\">{}</failure>\n    </testcase>\n",
                            escape(failure), escaped_lines(text));
}

struct Suite {
  std::string name;
  std::string cases;
  int64_t count = 0;
  int64_t failures = 0;
  void add(const std::string& name_of_case, const std::string& failure, const std::string& text) {
    cases += test_case(name, name_of_case, failure, text);
    ++count;
    failures += failure.empty() ? 0 : 1;
  }
  std::string xml() const {
    return fmt::format(
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"0\">\n{}  </testsuite>\n",
        escape(name), count, failures, cases);
  }
};

}  // namespace

std::string to_junit(const Report& report) {
  const std::string model = page::shortened(report.model_name, 200);
  Suite gates{model + ".gates", {}, 0, 0};
  for (const Gate& gate : report.gates) {
    const std::string failure =
        gate.passed ? "" : fmt::format("{}: {}, the limit is {}", gate.name, gate.found, gate.limit);
    gates.add(gate.name, failure, failure + "\n" + worst_layers_text(report));
  }
  Suite weights{model + ".weights", {}, 0, 0};
  for (const LayerReport& layer : report.layers) {
    if (layer.weight_type != "i8") {
      continue;
    }
    const std::string failure = misses_limit(report, layer)
                                    ? fmt::format("weight error {:.2f} %, the limit is {:.3g} %",
                                                  layer.weight_error * 100, report.max_weight_error * 100)
                                    : "";
    weights.add(layer_name(layer), failure, failure + "\n");
  }
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"dsquant\" tests=\"{}\" failures=\"{}\" "
      "errors=\"0\">\n{}{}</testsuites>\n",
      gates.count + weights.count, gates.failures + weights.failures, gates.xml(), weights.xml());
}

}  // namespace dsq
