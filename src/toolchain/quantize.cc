// The story: from model.onnx to model.dsq.
#include "src/toolchain/quantize.h"

#include <chrono>

#include "calibration/calibrate.h"
#include "formats/dsq/read.h"
#include "formats/dsq/write.h"
#include "formats/report/html.h"
#include "formats/report/json.h"
#include "passes/passes.h"
#include "src/support/file.h"
#include "src/support/parallel.h"
#include "src/toolchain/facts.h"
#include "src/toolchain/forecast.h"
#include "src/toolchain/inputs.h"
#include "src/toolchain/load.h"
#include "src/toolchain/nested.h"
#include "src/toolchain/probe.h"
#include "src/toolchain/replay.h"
#include "src/toolchain/twins.h"
#include "src/toolchain/verdict.h"

namespace dsq {
namespace {

// Times the phases for the report.
class Stopwatch {
 public:
  explicit Stopwatch(Report& report) : report_(report) {}
  void lap(std::string phase) {
    const Clock::time_point now = Clock::now();
    report_.seconds.emplace_back(std::move(phase), std::chrono::duration<double>(now - start_).count());
    start_ = now;
  }

 private:
  using Clock = std::chrono::steady_clock;
  Report& report_;
  Clock::time_point start_ = Clock::now();
};

// The model's file, still without its name, read back; what it takes goes into the report.
Result<NewFile> write_model(const Graph& graph, Report& report, const std::filesystem::path& path) {
  NewFile file = DSQ_TRY(prepare_dsq(graph, provenance_of(report), path));
  const std::shared_ptr<const MappedFile> written = DSQ_TRY(file.map());
  const Result<DsqModel> model = read_dsq(written);
  if (!model) {
    return Error(model.error()).with("what was written cannot be read back");
  }
  fill_sizes(report, model->parts, written->bytes());
  return file;
}

// The caller's passes in front of a list.
Result<PassLog> run_own(std::string_view list, const QuantizeOptions& options, Graph& graph, PassContext& context) {
  PassLog log;
  for (const OwnPass& own : options.passes) {
    if (own.before == list) {
      const PassGroup group{std::span(&own.pass.name, 1)};
      append(log, DSQ_TRY(run_passes(graph, std::span(&group, 1), context, {}, std::span(&own.pass, 1))));
    }
  }
  return log;
}

Result<PassLog> run_stage(std::string_view list, const QuantizeOptions& options, Graph& graph, PassContext& context,
                          const PipelineOptions& pipeline) {
  PassLog log = DSQ_TRY(run_own(list, options, graph, context));
  append(log, DSQ_TRY(run_list(list, graph, context, pipeline)));
  return log;
}

}  // namespace

Result<Quantized> quantize(const QuantizeOptions& options, Diagnostics& diagnostics, Progress& progress) {
  Quantized done;
  Report& report = done.report;
  Stopwatch watch(report);
  const ThreadScope threads(options.threads);

  // Fail before the long part: contradictions, and places that cannot be written.
  DSQ_TRY(check_quantizable(options.model));
  DSQ_TRY(check_options(options));
  const OutputPaths paths = output_paths(options);
  PipelineOptions pipeline;
  if (options.write) {
    for (const std::filesystem::path& path : {paths.model, paths.json, paths.html}) {
      DSQ_TRY(check_writable(path));
    }
    pipeline = options.dry_run ? pipeline : reproducing(paths.replay);
  }

  // Read the model and the data. From here on nothing knows that it was ONNX.
  const Model model = DSQ_TRY(load_model(options.model, options.shapes, diagnostics));
  DSQ_TRY(check_quantizable(model.graph, options.model));
  DSQ_TRY(check_finite_weights(model.graph));
  const Inputs inputs = DSQ_TRY(read_inputs(model.graph, options, diagnostics));
  watch.lap("read");

  // Canonical float form: shapes known, constants folded, batch norms folded, nothing dead. The twin that every error
  // is measured against.
  Recipe recipe = options.recipe;
  recipe.calibrated = inputs.data.has_value();
  PassContext context{recipe, nullptr, diagnostics};
  Graph graph = model.graph;
  append(done.passes, DSQ_TRY(run_own("canonicalize", options, graph, context)));
  append(done.passes, DSQ_TRY(canonicalize(graph, diagnostics, pipeline)));
  done.reference = graph;
  watch.lap("canonicalize");

  // Decide what is quantized and how. Beyond this point the float topology does not change.
  append(done.passes, DSQ_TRY(run_stage("plan", options, graph, context, pipeline)));

  // Look at data.
  CalibrationTable stats;
  const std::vector<Observation> wanted = wanted_observations(graph);
  if (inputs.data) {
    const int64_t samples =
        options.dry_run ? DSQ_TRY(forecast_samples(done.reference, *inputs.data)) : inputs.data->size();
    stats = DSQ_TRY(calibrate(graph, wanted, inputs.data->first(samples),
                              {options.backend, options.threads, options.batch}, progress));
    context.stats = &stats;
  }
  watch.lap("calibrate");

  // Ranges become scales, weights become integers; both are measured here, while they can be told apart.
  append(done.passes, DSQ_TRY(run_stage("assign", options, graph, context, pipeline)));
  append(done.passes, DSQ_TRY(run_stage("store", options, graph, context, pipeline)));
  report.layers = layer_facts(done.reference, graph, sample_types(done.reference, inputs));
  std::vector<LayerInput> input_specs = layer_inputs(done.reference, graph);

  // Make every boundary explicit. Beyond this point the graph is what a device executes.
  append(done.passes, DSQ_TRY(run_stage("lower", options, graph, context, pipeline)));
  graph.compact();
  done.graph = std::move(graph);
  report.floats = float_facts(done.graph, reasons_of(diagnostics));
  const Seams seams = seams_of(done.graph);
  report.conversions = seams.conversions;
  report.float_islands = seams.islands;
  watch.lap("quantize");

  fill_provenance(report, options, model.source, inputs);
  if (options.dry_run) {
    DSQ_TRY(foretell(done, inputs, !wanted.empty(), options));
    judge(report, options, diagnostics);
    report.diagnostics = diagnostics.items();
    return done;
  }

  // Run both twins, on the data or, to compare only, on a probe.
  if (options.compare) {
    DSQ_TRY(measure(done, std::move(input_specs), inputs, options, diagnostics, progress));
  }
  watch.lap("compare");

  // Write all three files, then give them their names: a model stands beside its own report, or nothing has changed.
  std::vector<NewFile> files;
  if (options.write) {
    files.push_back(DSQ_TRY(write_model(done.graph, report, paths.model)));
  }
  judge(report, options, diagnostics);
  watch.lap("write");
  report.diagnostics = diagnostics.items();
  if (options.write) {
    files.push_back(DSQ_TRY(NewFile::write(paths.json, to_json(report))));
    files.push_back(DSQ_TRY(NewFile::write(paths.html, to_html(report))));
    DSQ_TRY(publish(files));
  }
  return done;
}

}  // namespace dsq
