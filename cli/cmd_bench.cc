// dsquant bench: how fast a model runs.
#include <algorithm>
#include <memory>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/profile.h"
#include "cli/progress.h"
#include "cli/sample_options.h"
#include "cli/table.h"
#include "src/runner/backend.h"
#include "src/support/in_file.h"
#include "src/support/strings.h"
#include "src/toolchain/bench.h"
#include "src/toolchain/load.h"
#include "src/toolchain/probe.h"
#include "src/toolchain/samples.h"

namespace dsq::cli {
namespace {

struct Options {
  Common common;
  std::filesystem::path model;
  std::optional<std::filesystem::path> inputs;
  BenchOptions job;
  SampleOptions samples;
};

Json to_json(const Options& options, const Bench& result) {
  return {{"model", options.model.string()},
          {"backend", options.job.backend},
          {"instructions", result.instructions},
          {"processor", result.processor},
          {"threads", result.threads},
          {"inputs", options.inputs ? options.inputs->string() : "made up"},
          {"shapes", result.shapes},
          {"batch", result.batch},
          {"warm_up_runs", result.warm_up},
          {"runs", result.latency.size()},
          {"compile_seconds", result.compile_seconds},
          {"first_seconds", result.first_seconds},
          {"latency_seconds",
           {{"min", result.latency.front()},
            {"p50", result.percentile(0.5)},
            {"p90", result.percentile(0.9)},
            {"p99", result.percentile(0.99)},
            {"max", result.latency.back()}}},
          {"samples_per_second", result.samples_per_second()},
          {"arena_bytes", result.arena_bytes},
          {"constant_bytes", result.constant_bytes},
          {"process_peak_bytes", result.process_bytes},
          {"profile_runs", result.profile_runs},
          {"profile", profile_json(result.profile, result.profile_runs)}};
}

std::string to_text(const Options& options, const Bench& result) {
  std::string text = fmt::format("{}: {}, {}, batch {}", options.model.filename().string(), options.job.backend,
                                 plural(result.threads, "thread"), result.batch);
  for (const Shape& shape : result.shapes) {
    text += ", " + text_of(shape);
  }
  text += fmt::format("\n  on {}, with {}\n", result.processor.empty() ? "this machine" : result.processor,
                      result.instructions);
  text += options.inputs ? fmt::format("  samples of {}\n", options.inputs->string())
                         : "  made-up samples: --inputs x.npz gives real ones, which may take another time\n";
  const auto ms = [](double seconds) { return fmt::format("{:.3f}", seconds * 1e3); };
  text += fmt::format("\nlatency     min {}  p50 {}  p90 {}  p99 {}  max {} ms over {}\n", ms(result.latency.front()),
                      ms(result.percentile(0.5)), ms(result.percentile(0.9)), ms(result.percentile(0.99)),
                      ms(result.latency.back()), plural(result.latency.size(), "run"));
  text += fmt::format("throughput  {:.4g} samples a second\n", result.samples_per_second());
  text += fmt::format("start       {} ms to get ready, {} ms for the first run; {} to warm up\n",
                      ms(result.compile_seconds), ms(result.first_seconds), plural(result.warm_up, "run"));
  const auto bytes = [](int64_t n) { return human_bytes(static_cast<double>(n)); };
  text += fmt::format("memory      {} of working memory, {} of constants; the process {} at its peak\n",
                      bytes(result.arena_bytes), bytes(result.constant_bytes), bytes(result.process_bytes));
  constexpr size_t kNodes = 12;
  return text + profile_text(result.profile, result.profile_runs, kNodes);
}

Result<Exit> run(const Options& options, Console& console) {
  BenchOptions job = options.job;
  job.batch = options.common.batch;
  job.threads = options.common.threads;
  job.backend = options.common.backend;
  job.max_memory = options.common.max_memory;
  DSQ_TRY(find_backend(job.backend));
  const std::string file = options.model.string();
  Diagnostics diagnostics;
  Model model = DSQ_TRY(load_model(options.model, options.common.shapes, diagnostics));
  const Dataset data = options.inputs
                           ? DSQ_TRY(open_samples(model.graph, *options.inputs, options.samples, diagnostics)).data
                           : DSQ_TRY(in_file(file, probe_inputs(model.graph, std::max<int64_t>(job.batch, 1))));
  DSQ_TRY(in_file(file, make_fast(model.graph, diagnostics)));
  StderrProgress progress(console);
  const Bench result = DSQ_TRY(in_model(file, bench(model.graph, data, job, progress)));
  console.report(diagnostics, options.common.explain);
  Options used = options;
  used.job = job;
  options.common.json ? console.print_json(to_json(used, result)) : console.print(fitted(to_text(used, result)));
  return Exit::ok;
}

}  // namespace

Action define_bench(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  add_model(app, options->model);
  add_optional_path(app, "--inputs", options->inputs, fmt::format("Samples: {} (default: made-up ones)", kSampleKinds));
  CLI::Option* seconds =
      add_number(app, "--seconds", options->job.seconds, 0.001, 86400, "SECONDS", "How long to time (default: 3)");
  add_count(app, "--runs", options->job.runs, int64_t{1} << 24, "Time so many runs instead")->excludes(seconds);
  add_sample_options(app, options->samples);
  add_batch(app, options->common, "Samples in a run (default: 1, or what the model asks for)");
  add_max_memory(app, options->common);
  add_threads(app, options->common);
  add_backend(app, options->common);
  add_shapes(app, options->common);
  add_explain(app, options->common);
  add_json(app, options->common);
  return [options](Console& console) { return run(*options, console); };
}

}  // namespace dsq::cli
