// dsquant data check: what a set of samples holds.
#include <algorithm>
#include <memory>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/sample_options.h"
#include "cli/table.h"
#include "src/support/parallel.h"
#include "src/support/strings.h"
#include "src/toolchain/data_check.h"
#include "src/toolchain/load.h"

namespace dsq::cli {
namespace {

constexpr size_t kShown = 10;

struct Options {
  Common common;
  std::string action;
  std::filesystem::path data;
  std::filesystem::path model;
  SampleOptions samples;
};

Json to_json(const std::vector<DataCheck::Finding>& findings) {
  Json json = Json::array();
  for (const DataCheck::Finding& finding : findings) {
    json.push_back({{"sample", finding.place}, {"what", finding.what}});
  }
  return json;
}

Json to_json(const Options& options, const DataCheck& check) {
  Json json = {{"data", options.data.string()},  {"model", options.model.string()}, {"samples", check.samples},
               {"preprocess", check.preprocess}, {"inputs", Json::array()},         {"labels", Json::array()}};
  for (const DataCheck::Input& input : check.inputs) {
    json["inputs"].push_back({{"name", input.name},
                              {"wanted", input.wanted},
                              {"shapes", input.shapes},
                              {"min", input.low},
                              {"max", input.high},
                              {"mean", input.mean},
                              {"std", input.deviation}});
  }
  for (const DataCheck::Label& label : check.labels) {
    json["labels"].push_back({{"label", label.label}, {"name", label.name}, {"samples", label.samples}});
  }
  json["duplicates"] = check.duplicates;
  json["contradictions"] = check.contradictions;
  json["outliers"] = to_json(check.outliers);
  json["bad"] = to_json(check.bad);
  return json;
}

std::string more(size_t count) {
  return count > kShown ? fmt::format("  and {} more: --json lists all\n", count - kShown) : "";
}

std::string findings_text(const std::string& title, const std::vector<DataCheck::Finding>& findings) {
  std::string text = "\n" + title + "\n";
  for (size_t i = 0; i < std::min(kShown, findings.size()); ++i) {
    text += fmt::format("  {}: {}\n", findings[i].place, findings[i].what);
  }
  return findings.empty() ? "" : text + more(findings.size());
}

std::string duplicates_text(const DataCheck& check) {
  if (check.duplicates.empty()) {
    return {};
  }
  size_t copies = 0;
  for (const std::vector<std::string>& group : check.duplicates) {
    copies += group.size() - 1;
  }
  std::string text = fmt::format("\n{}\n", plural(copies, "duplicate"));
  for (size_t i = 0; i < std::min(kShown, check.duplicates.size()); ++i) {
    const std::vector<std::string>& group = check.duplicates[i];
    const bool differ = std::ranges::find(check.contradictions, group.front()) != check.contradictions.end();
    text += fmt::format(
        "  {}{}{}\n", fmt::join(group.begin(), group.begin() + std::min<long>(3, std::ssize(group)), " = "),
        group.size() > 3 ? fmt::format(" and {} more", group.size() - 3) : "", differ ? "; their labels differ" : "");
  }
  return text + more(check.duplicates.size());
}

std::string to_text(const Options& options, const DataCheck& check) {
  std::string text = fmt::format("{}: {}{}\n\n", options.data.string(), plural(check.samples, "sample"),
                                 check.preprocess.empty() ? "" : "\npictures: " + check.preprocess);
  Table inputs({"input", "wanted", "samples are", ">min", ">max", ">mean", ">std"});
  const auto number = [](double value) { return fmt::format("{:.4g}", value); };
  for (const DataCheck::Input& input : check.inputs) {
    const size_t shapes = input.shapes.size();
    inputs.add({input.name, input.wanted,
                input.shapes.front() + (shapes > 1 ? fmt::format(" and {} other shapes", shapes - 1) : ""),
                number(input.low), number(input.high), number(input.mean), number(input.deviation)});
  }
  text += inputs.empty() ? "" : inputs.text();
  Table labels({">label", ">samples", "class"});
  for (const DataCheck::Label& label : check.labels) {
    labels.add({std::to_string(label.label), std::to_string(label.samples), label.name});
  }
  text += labels.empty() ? "" : "\n" + labels.text();
  text += duplicates_text(check) + findings_text(plural(check.outliers.size(), "outlier"), check.outliers) +
          findings_text(plural(check.bad.size(), "sample") + " that cannot be used", check.bad);
  const bool clean = check.duplicates.empty() && check.outliers.empty() && check.bad.empty();
  return text + (clean ? "\nno duplicates, no outliers, nothing that cannot be used\n" : "");
}

Result<Exit> run(const Options& options, Console& console) {
  Diagnostics diagnostics;
  const Model model = DSQ_TRY(load_model(options.model, options.common.shapes, diagnostics));
  StderrProgress progress(console);
  const ThreadScope threads(options.common.threads);
  const DataCheck check = DSQ_TRY(check_data(model.graph, options.data, options.samples, diagnostics, progress));
  console.report(diagnostics, options.common.explain);
  options.common.json ? console.print_json(to_json(options, check)) : console.print(to_text(options, check));
  if (static_cast<int64_t>(check.bad.size()) > options.samples.skip_bad) {
    Error first = *check.first_bad;
    first.what +=
        check.bad.size() > 1 ? fmt::format("; {} of {} samples cannot be used", check.bad.size(), check.samples) : "";
    return first;
  }
  return Exit::ok;
}

}  // namespace

Action define_data(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  add_choice(app, "ACTION", options->action, {"check"}, "what to do with the samples")->required();
  add_path(app, "DATA", options->data, fmt::format("samples: {}", kSampleKinds))->required();
  add_model(app, options->model);
  add_sample_options(app, options->samples);
  add_shapes(app, options->common);
  add_threads(app, options->common);
  add_explain(app, options->common);
  add_json(app, options->common);
  return [options](Console& console) { return run(*options, console); };
}

}  // namespace dsq::cli
