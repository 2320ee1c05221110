// dsquant [quantize]: the main job.
#include <memory>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/pass_table.h"
#include "cli/progress.h"
#include "formats/report/json.h"
#include "formats/report/text.h"
#include "src/report/metrics.h"
#include "src/runner/backend.h"
#include "src/support/strings.h"
#include "src/toolchain/inputs.h"
#include "src/toolchain/quantize.h"

namespace dsq::cli {
namespace {

struct Options {
  Common common;
  QuantizeOptions job;
  std::string weights = "int8";
  std::string act;
  std::vector<std::string> keep;
};

// PATTERN=PRECISION; patterns may hold '='.
Result<Keep> parse_keep(const std::string& text) {
  const size_t at = text.rfind('=');
  const std::string name = at == std::string::npos ? "" : text.substr(at + 1);
  const std::optional<Precision> precision = precision_from(name);
  if (at == 0 || !precision || *precision == Precision::int6) {
    const std::vector<std::string> names = {"int8", "int4", "fp16", "float"};
    const std::string near = name.empty() || precision ? "" : "; nearest is '" + nearest(name, names) + "'";
    return fail(Code::usage, "'{}' is not of the form PATTERN=fp16, with int8, int4, fp16 or float{}", text, near)
        .at("--keep");
  }
  return Keep{text.substr(0, at), *precision};
}

std::string to_text(const Report& report, const OutputPaths& files) {
  return summary_text(report, terminal_width()) + fmt::format("\nmodel   {}\nreport  {}\n        {}\n",
                                                              files.model.string(), files.html.string(),
                                                              files.json.string());
}

Json as_json(const Report& report, const OutputPaths& files) {
  Json json = Json::parse(to_json(report));
  json["files"] = {{"model", files.model.string()}, {"html", files.html.string()}, {"json", files.json.string()}};
  return json;
}

Result<Exit> run(const Options& options, Console& console) {
  QuantizeOptions job = options.job;
  job.shapes = options.common.shapes;
  job.threads = options.common.threads;
  job.backend = options.common.backend;
  job.batch = options.common.batch > 0 ? options.common.batch : job.batch;
  job.recipe.weights = *precision_from(options.weights);
  // Activations in integers need integer weights, so other weights bring float activations unless asked otherwise.
  job.recipe.act = !options.act.empty()             ? *precision_from(options.act)
                   : is_integer(job.recipe.weights) ? Precision::int4
                                                    : Precision::floating;
  for (const std::string& keep : options.keep) {
    job.recipe.keep.push_back(DSQ_TRY(parse_keep(keep)));
  }
  DSQ_TRY(find_backend(job.backend));
  Diagnostics diagnostics;
  StderrProgress progress(console);
  const Quantized done = DSQ_TRY(quantize(job, diagnostics, progress));
  progress.end();
  const OutputPaths files = output_paths(job);
  console.report(diagnostics, options.common.explain);
  report_passes(console, done.passes);
  options.common.json ? console.print_json(as_json(done.report, files)) : console.summary(to_text(done.report, files));
  for (const Gate& gate : done.report.gates) {
    if (!gate.passed) {
      console.error(fail(Code::gate_failed, "{}, the limit is {}", gate.found, gate.limit).at(gate.name));
    }
  }
  return done.report.passed ? Exit::ok : Exit::gate;
}

void add_gates(CLI::App& app, QuantizeOptions& job) {
  add_number(app, "--max-weight-error", job.recipe.max_weight_error, 0, 1, "SHARE",
             "Largest relative L2 error of a layer's int8 weights (default: 0.01)");
  add_number(app, "--max-drop", job.max_drop, 0, 100, "POINTS",
             "Fail (exit status 1) when more points of top-1 accuracy are lost; needs --labels");
  add_number(app, "--min-sqnr", job.min_sqnr_db, -kSqnrCapDb, kSqnrCapDb, "DB",
             "Fail (exit status 1) when an output's SQNR against float is below this");
}

}  // namespace

Action define_quantize(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  QuantizeOptions& job = options->job;
  add_model(app, job.model, "MODEL", "an .onnx or .dsir file");
  add_choice(app, "--weights", options->weights, {"int8", "int6", "int4", "fp16", "float"},
             "How weights are stored (default: int8)");
  add_choice(app, "--act", options->act, {"int4", "int8", "fp16", "float"},
             "How activations are computed (default: int4 with integer weights, otherwise float)");
  add_optional_path(app, "--data", job.data, "Arrays to calibrate and measure on (.npz, or .npy for one input)");
  add_optional_path(app, "--labels", job.labels, "The classes of the samples (.npy), to measure accuracy");
  add_path(app, "-o,--output", job.output, "Where to write (default: beside the model, as .dsq)");
  app.add_option("--keep", options->keep,
                 "Hold nodes at another precision, by name or operator; * and ? match; may be repeated")
      ->type_name("PATTERN=fp16")
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false);
  app.add_flag("--edges-at-act", job.recipe.edges_at_act, "Also the first and last layer at --act, instead of int8");
  add_gates(app, job);
  add_shapes(app, options->common);
  add_batch(app, options->common, "Samples in a step (default: 16)");
  add_threads(app, options->common);
  add_backend(app, options->common);
  add_explain(app, options->common);
  add_json(app, options->common);
  return [options](Console& console) { return run(*options, console); };
}

}  // namespace dsq::cli
