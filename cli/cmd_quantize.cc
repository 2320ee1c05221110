// dsquant [quantize]: the main job.
#include <memory>

#include "cli/command.h"
#include "cli/forecast.h"
#include "cli/gate_options.h"
#include "cli/options.h"
#include "cli/pass_table.h"
#include "cli/progress.h"
#include "cli/sample_options.h"
#include "formats/report/json.h"
#include "formats/report/text.h"
#include "src/runner/backend.h"
#include "src/toolchain/inputs.h"
#include "src/toolchain/load.h"
#include "src/toolchain/metric_command.h"
#include "src/toolchain/options_text.h"
#include "src/toolchain/quantize.h"

namespace dsq::cli {
namespace {

struct Options {
  Common common;
  QuantizeOptions job;
  RecipeOptions recipe;
  std::string recover;  // empty: the default
  OutputGates gates;
  std::optional<std::filesystem::path> plan;
  std::vector<std::string> layers;
};

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

// A plan that exists is used; one that does not will be written.
Result<void> take_plan(const Options& options, QuantizeOptions& job) {
  for (const std::string& text : options.layers) {
    const auto [layer, precision] = DSQ_TRY(layer_from(text));
    const Precision first = job.recipe.plan.emplace(layer, precision).first->second;
    if (first != precision) {
      return fail(Code::option_conflict, "--layer '{}' is given as {} and as {}", layer, name_of(first),
                  name_of(precision));
    }
  }
  if (!options.plan) {
    return {};
  }
  if (!std::filesystem::exists(*options.plan)) {
    job.save_plan = options.plan;
    return {};
  }
  const Plan plan = DSQ_TRY(load_plan(*options.plan));
  job.recipe.plan.insert(plan.begin(), plan.end());
  job.used_plan = UsedPlan{*options.plan, plan};
  job.mixed.search = false;
  return {};
}

Result<Exit> run(const Options& options, Console& console) {
  QuantizeOptions job = options.job;
  job.shapes = options.common.shapes;
  job.threads = options.common.threads;
  job.backend = options.common.backend;
  job.max_memory = options.common.max_memory;
  job.batch = options.common.batch > 0 ? options.common.batch : job.batch;
  job.max_drop = options.gates.max_drop;
  job.min_agreement = options.gates.min_agreement;
  job.min_cosine = options.gates.min_cosine;
  job.min_sqnr_db = options.gates.min_sqnr_db;
  job.recipe = DSQ_TRY(recipe_of(options.recipe));
  const bool integers = is_integer(job.recipe.weights);
  job.recipe.recover = recovery_from(options.recover).value_or(job.data && integers ? Recovery::fast : Recovery::none);
  if (!job.mixed.aim && !job.metric_command) {
    job.mixed.aim = job.max_drop;
  }
  DSQ_TRY(take_plan(options, job));
  DSQ_TRY(find_backend(job.backend));
  Diagnostics diagnostics;
  StderrProgress progress(console);
  const Quantized done = DSQ_TRY(quantize(job, diagnostics, progress));
  progress.end();
  const OutputPaths files = output_paths(job);
  console.report(diagnostics, options.common.explain);
  report_passes(console, done.passes);
  if (options.common.json) {
    console.print_json(done.forecast ? forecast_json(done, files) : as_json(done.report, files));
  } else {
    console.summary(done.forecast ? forecast_text(done, files) : to_text(done.report, files));
  }
  for (const Gate& gate : done.report.gates) {
    if (!gate.passed && !(done.metric_error && gate.name == kMetricGate)) {
      console.error(fail(Code::gate_failed, "{}, the limit is {}", gate.found, gate.limit).at(gate.name));
    }
  }
  if (done.metric_error) {
    return Error(*done.metric_error);
  }
  return done.report.passed ? Exit::ok : Exit::gate;
}

void add_mixed(CLI::App& app, MixedOptions& mixed) {
  add_choice_function(
      app, "--mixed", [&mixed](const std::string& given) { mixed.search = given == "auto"; }, {"auto", "off"},
      "With data, layers that lose too much get a finer precision; off: every layer at --act, the first and last at "
      "int8 "
      "(default: auto)");
  add_percent(app, "--target-a4", mixed.target_share,
              "Share of multiplications to leave at --act, whatever is lost (default: as many as the aim lets)");
  add_number(
      app, "--aim", mixed.aim, 0, 100, "POINTS",
      "What may be lost on held-out samples (default: --max-drop, or 0.3 points of accuracy and what stands for that)");
  add_choice_function(
      app, "--fallback",
      [&mixed](const std::string& given) {
        mixed.fallback = given == "int8" ? Fallback::int8 : given == "fp16" ? Fallback::fp16 : Fallback::automatic;
      },
      {"auto", "int8", "fp16"}, "The finer precision (default: auto, what costs least)");
}

void add_measures(CLI::App& app, Options& options) {
  QuantizeOptions& job = options.job;
  add_output_kind(app, job.output_kind);
  app.add_option("--metric-command", job.metric_command,
                 "A program that prints a number, more is better: 'python3 score.py {outputs} {labels}'; it gets the "
                 "names of a .npz and a .npy file, once for float and once for quantized outputs; no shell runs")
      ->type_name("COMMAND");
  add_output_gates(app, options.gates);
  add_size(app, "--max-size", job.max_size, "Fail when the .dsq file is larger: 500k, 2M, 1.5MiB");
  add_optional_path(app, "--baseline", job.baseline,
                    "Fail when more is lost, or the file is larger, than this older .report.json says");
  add_ci_files(app, job.ci);
}

}  // namespace

Action define_quantize(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  QuantizeOptions& job = options->job;
  add_model(app, job.model, "MODEL", "an .onnx or .dsir file");
  add_recipe(app, options->recipe);
  add_optional_path(app, "--data", job.data, fmt::format("Samples to calibrate and measure on: {}", kSampleKinds));
  add_optional_path(app, "--labels", job.labels,
                    "The classes of the samples (.npy or idx); folders and manifests have their own");
  add_optional_path(app, "--eval-labels", job.eval_labels, "The classes of these (.npy or idx)");
  add_split(app, job);
  add_optional_path(app, "--calibration", job.calibration,
                    "Ranges that `dsquant calibrate` wrote, in place of those of --data");
  add_choice_function(
      app, "--ranges",
      [&job](const std::string& given) {
        job.ranges = given == "calibrated" ? Ranges::calibrated
                     : given == "run-time" ? Ranges::run_time
                                           : Ranges::automatic;
      },
      {"auto", "calibrated", "run-time"},
      "Where ranges of activations come from when there are data (default: auto, at run time where that loses much "
      "less)");
  add_sample_options(app, job.samples);
  add_choice(app, "--recover", options->recover, {"none", "fast"},
             "Repair layers on the data: refit them to what quantized layers before them give, round their weights by "
             "the covariance of their inputs (default: fast with --data)");
  add_mixed(app, job.mixed);
  add_optional_path(app, "--plan", options->plan,
                    "A plan of precisions by layer: used where the file exists, otherwise written there");
  app.add_option("--layer", options->layers, "Precision of one layer's input, by its name; may be repeated")
      ->type_name("LAYER=int8")
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false);
  add_path(app, "-o,--output", job.output, "Where to write (default: beside the model, as .dsq)");
  add_measures(app, *options);
  app.add_flag("--dry-run", job.dry_run, "Show the plan, sizes and memory, and write nothing");
  add_shapes(app, options->common);
  add_batch(app, options->common, "Samples in a step (default: 16)");
  add_max_memory(app, options->common);
  add_threads(app, options->common);
  add_backend(app, options->common);
  add_explain(app, options->common);
  add_json(app, options->common);
  return [options](Console& console) { return run(*options, console); };
}

}  // namespace dsq::cli
