// dsquant compare: two models on the same inputs.
#include <algorithm>
#include <array>
#include <memory>

#include "cli/command.h"
#include "cli/gate_options.h"
#include "cli/options.h"
#include "cli/pass_table.h"
#include "cli/progress.h"
#include "cli/sample_options.h"
#include "cli/table.h"
#include "formats/report/json.h"
#include "src/report/loss_text.h"
#include "src/report/metrics.h"
#include "src/runner/backend.h"
#include "src/support/in_file.h"
#include "src/toolchain/compare.h"
#include "src/toolchain/load.h"
#include "src/toolchain/outputs.h"
#include "src/toolchain/samples.h"

namespace dsq::cli {
namespace {

struct Options {
  Common common;
  std::filesystem::path a;
  std::filesystem::path b;
  std::filesystem::path inputs;
  double threshold = 40;
  OutputGates gates;
  std::optional<OutputKind> kind;
  CiFiles ci;
  bool values = false;
  SampleOptions samples;
};

std::string decibel(double db) { return db >= kSqnrCapDb ? "equal" : fmt::format("{:.1f} dB", db); }

std::string table_of(std::string_view heading, const std::vector<ValueDifference>& rows) {
  Table table({std::string(heading), "type", ">SQNR", ">max |a-b|", ">cosine"});
  for (const ValueDifference& row : rows) {
    table.add({row.name, text_of(row.type), decibel(row.sqnr_db), fmt::format("{:.4g}", row.max_abs),
               fmt::format("{:.6f}", row.cosine)});
  }
  return table.text();
}

Json to_json(const ValueDifference& row) {
  return {{"name", row.name},       {"op", row.op},           {"type", text_of(row.type)},
          {"sqnr_db", row.sqnr_db}, {"max_abs", row.max_abs}, {"cosine", row.cosine},
          {"worst", row.worst},     {"a", row.worst_a},       {"b", row.worst_b}};
}

Json to_json(const Options& options, const Comparison& result) {
  Json json = {{"a", options.a.string()}, {"b", options.b.string()}, {"samples", result.samples}};
  json["outputs"] = Json::array();
  json["values"] = Json::array();
  for (const ValueDifference& row : result.outputs) {
    json["outputs"].push_back(to_json(row));
  }
  for (const ValueDifference& row : result.values) {
    json["values"].push_back(to_json(row));
  }
  const Json report = Json::parse(to_json(result.report));
  json["losses"] = report["losses"];
  json["gates"] = report["verdict"]["gates"];
  if (report.contains("accuracy")) {
    json["accuracy"] = report["accuracy"];
  }
  json["traced_samples"] = result.traced_samples;
  json["threshold_db"] = options.threshold;
  json["parting"] = result.parting ? to_json(result.values[*result.parting]) : Json();
  return json;
}

std::string losses_text(const std::vector<LossReport>& losses) {
  Table table({"lost", "output", ">points", ">95 %", ">figures"});
  for (const LossReport& loss : losses) {
    const std::string interval =
        loss.low && loss.high ? fmt::format("{:.2f} to {:.2f}", *loss.low, *loss.high) : std::string();
    table.add({loss_title(loss), loss.output, fmt::format("{:.3f}", loss.points), interval, figures_text(loss)});
  }
  return table.text();
}

std::string to_text(const Options& options, const Comparison& result) {
  std::string text = fmt::format("a {}\nb {}\non {} sample{}\n\n", options.a.string(), options.b.string(),
                                 result.samples, result.samples == 1 ? "" : "s");
  text += table_of("output", result.outputs) + "\n";
  text += losses_text(*result.report.losses) + "\n";
  if (result.parting) {
    const ValueDifference& at = result.values[*result.parting];
    text += fmt::format(
        "they part at '{}' ({}, value {} of {} that both have): {} is below {:.0f} dB\n"
        "  largest difference at element {}: a {:.6g}, b {:.6g}\n",
        shortened(at.name, 60), at.op, *result.parting + 1, result.values.size(), decibel(at.sqnr_db),
        options.threshold, at.worst, at.worst_a, at.worst_b);
  } else {
    text += fmt::format("no value of {} that both have is below {:.0f} dB\n", result.values.size(), options.threshold);
  }
  return text + (options.values ? "\n" + table_of("value", result.values) : "");
}

Result<Exit> run(const Options& options, Console& console) {
  DSQ_TRY(find_backend(options.common.backend));
  DSQ_TRY(check_apart(std::to_array({options.a, options.b, options.inputs}), options.ci.all()));
  DSQ_TRY(check_ci_files(options.ci));
  Diagnostics diagnostics;
  Model a = DSQ_TRY(load_model(options.a, options.common.shapes, diagnostics));
  Model b = DSQ_TRY(load_model(options.b, options.common.shapes, diagnostics));
  const std::string name_a = options.a.string();
  const std::string name_b = options.b.string();
  Diagnostics unheard;
  const Dataset data =
      DSQ_TRY(in_file(name_a, open_samples(a.graph, options.inputs, options.samples, diagnostics))).data;
  DSQ_TRY(in_file(name_b, open_samples(b.graph, options.inputs, options.samples, unheard)));  // b takes them too
  PassLog passes = DSQ_TRY(in_file(name_a, make_fast(a.graph, diagnostics)));
  append(passes, DSQ_TRY(in_file(name_b, make_fast(b.graph, diagnostics))));
  StderrProgress progress(console);
  const CompareOptions how{{options.common.batch, options.common.threads, options.common.backend, false, 0},
                           options.threshold,
                           options.kind,
                           options.gates.max_drop,
                           options.samples.labels.has_value()};
  Comparison result = DSQ_TRY(compare({a.graph, name_a}, {b.graph, name_b}, data, how, progress));
  Report& report = result.report;
  report.model_name = options.b.filename().string();
  add_output_gates(report, options.gates, diagnostics);
  report.passed = std::ranges::all_of(report.gates, &Gate::passed);
  report.headline = fmt::format("{} against {}: {} {}", report.model_name, options.a.filename().string(),
                                loss_title(report.losses->front()), loss_text(report.losses->front()));
  report.diagnostics = diagnostics.items();
  DSQ_TRY(write_ci_files(report, options.ci));
  console.report(diagnostics, options.common.explain);
  report_passes(console, passes);
  options.common.json ? console.print_json(to_json(options, result)) : console.summary(to_text(options, result));
  for (const Gate& gate : report.gates) {
    if (!gate.passed) {
      console.error(fail(Code::gate_failed, "{}, the limit is {}", gate.found, gate.limit)
                        .at(gate.name)
                        .hint("the value at which the models part is named above"));
    }
  }
  return report.passed ? Exit::ok : Exit::gate;
}

}  // namespace

Action define_compare(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  add_model(app, options->a, "A", "the reference: an .onnx, .dsq or .dsir file");
  add_model(app, options->b, "B", "the other model");
  add_path(app, "--inputs", options->inputs, fmt::format("Samples: {}", kSampleKinds))->required();
  add_number(app, "--threshold", options->threshold, -kSqnrCapDb, kSqnrCapDb, "DB",
             "Models part where a value's SQNR is below this (default: 40)");
  add_optional_path(app, "--labels", options->samples.labels,
                    "The classes of the samples (.npy or idx); folders and manifests have their own");
  add_output_kind(app, options->kind);
  add_output_gates(app, options->gates);
  add_ci_files(app, options->ci);
  app.add_flag("--values", options->values, "List every value that both models have");
  add_sample_options(app, options->samples);
  add_batch(app, options->common, "Samples in a step (default: all at once; of files 16)");
  add_threads(app, options->common);
  add_backend(app, options->common);
  add_shapes(app, options->common);
  add_explain(app, options->common);
  add_json(app, options->common);
  return [options](Console& console) { return run(*options, console); };
}

}  // namespace dsq::cli
