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
#include "src/toolchain/inputs.h"
#include "src/toolchain/load.h"
#include "src/toolchain/nested.h"
#include "src/toolchain/probe.h"
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

std::map<std::string, std::string> reasons_of(const Diagnostics& diagnostics) {
  std::map<std::string, std::string> reasons;
  for (const Diagnostic& each : diagnostics.items()) {
    if (each.pass == "plan_quant" ||
        (each.pass == "quantize_weights" && each.text.starts_with("its weights stay float"))) {
      reasons[each.where] = each.text;
    }
  }
  return reasons;
}

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

Result<PassLog> run_stage(std::string_view list, const QuantizeOptions& options, Graph& graph, PassContext& context) {
  PassLog log = DSQ_TRY(run_own(list, options, graph, context));
  append(log, DSQ_TRY(run_list(list, graph, context)));
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
  if (options.write) {
    for (const std::filesystem::path& path : {paths.model, paths.json, paths.html}) {
      DSQ_TRY(check_writable(path));
    }
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
  append(done.passes, DSQ_TRY(canonicalize(graph, diagnostics)));
  done.reference = graph;
  watch.lap("canonicalize");

  // Decide what is quantized and how. Beyond this point the float topology does not change.
  append(done.passes, DSQ_TRY(run_stage("plan", options, graph, context)));

  // Look at data.
  CalibrationTable stats;
  if (inputs.data) {
    stats = DSQ_TRY(calibrate(graph, wanted_observations(graph), *inputs.data,
                              {options.backend, options.threads, options.batch}, progress));
    context.stats = &stats;
  }
  watch.lap("calibrate");

  // Ranges become scales, weights become integers; both are measured here, while they can be told apart.
  append(done.passes, DSQ_TRY(run_stage("assign", options, graph, context)));
  append(done.passes, DSQ_TRY(run_stage("store", options, graph, context)));
  report.layers = layer_facts(done.reference, graph, sample_types(done.reference, inputs));
  std::vector<LayerInput> input_specs = layer_inputs(done.reference, graph);

  // Make every boundary explicit. Beyond this point the graph is what a device executes.
  append(done.passes, DSQ_TRY(run_stage("lower", options, graph, context)));
  graph.compact();
  done.graph = std::move(graph);
  report.floats = float_facts(done.graph, reasons_of(diagnostics));
  watch.lap("quantize");

  // Run both twins, on the data or, to compare only, on a probe.
  fill_provenance(report, options, model.source, inputs);
  DSQ_TRY(measure(done, std::move(input_specs), inputs, options, diagnostics, progress));
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
