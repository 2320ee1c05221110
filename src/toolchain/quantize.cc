// The story: from model.onnx to model.dsq.
#include "src/toolchain/quantize.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "formats/dsq/read.h"
#include "formats/dsq/write.h"
#include "formats/plan/plan.h"
#include "formats/report/html.h"
#include "formats/report/json.h"
#include "passes/passes.h"
#include "src/support/file.h"
#include "src/support/in_file.h"
#include "src/support/parallel.h"
#include "src/support/strings.h"
#include "src/toolchain/attempt.h"
#include "src/toolchain/calibrate_job.h"
#include "src/toolchain/causes.h"
#include "src/toolchain/facts.h"
#include "src/toolchain/forecast.h"
#include "src/toolchain/inputs.h"
#include "src/toolchain/load.h"
#include "src/toolchain/outputs.h"
#include "src/toolchain/plan_options.h"
#include "src/toolchain/probe.h"
#include "src/toolchain/replay.h"
#include "src/toolchain/search.h"
#include "src/toolchain/stages.h"
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

// The model's file, still without its name, read back; what it takes goes into the report. What the reader refuses of
// it is a fault of the writer, whatever the reader makes of files that others wrote.
Result<NewFile> write_model(const Graph& graph, Report& report, const std::filesystem::path& path) {
  NewFile file = DSQ_TRY(prepare_dsq(graph, provenance_of(report), path));
  const std::shared_ptr<const MappedFile> written = DSQ_TRY(file.map());
  const Result<DsqModel> model = read_dsq(written);
  if (!model) {
    const Error& error = model.error();
    const bool is_ours = error.code == Code::dsq_invalid || error.code == Code::dsq_newer;
    return is_ours
               ? fail(Code::internal, "what was written cannot be read back: {} {}", code_name(error.code), error.what)
                     .at(path.string())
               : Error(error).with("what was written cannot be read back");
  }
  fill_sizes(report, model->parts, written->bytes());
  return file;
}

// One run, step by step as README.md tells it. Each step takes what the one before left.
class Quantization {
 public:
  Quantization(const QuantizeOptions& options, Diagnostics& diagnostics, Progress& progress)
      : options_(options),
        diagnostics_(diagnostics),
        progress_(progress),
        recipe_(options.recipe),
        context_{recipe_, nullptr, diagnostics, &progress},
        paths_(output_paths(options)) {}

  Result<Quantized> run() {
    DSQ_TRY(read());
    DSQ_TRY(of_model(make_canonical()));
    DSQ_TRY(of_model(choose()));
    DSQ_TRY(of_model(store_weights()));
    DSQ_TRY(of_model(lower()));
    if (options_.dry_run) {
      DSQ_TRY(of_model(foretell_rest()));
    } else {
      DSQ_TRY(of_model(compare_with_float()));
      DSQ_TRY(write());
    }
    return std::move(done_);
  }

 private:
  // The model and the data, after what can be refused before the long part. From here on nothing knows that it was ONNX.
  Result<void> read() {
    DSQ_TRY(check_quantizable(options_.model));
    DSQ_TRY(check_options(options_));
    if (options_.baseline) {
      baseline_ = DSQ_TRY(read_report(*options_.baseline));
    }
    if (options_.write && !options_.dry_run) {
      pipeline_ = reproducing(paths_.replay);
    }
    progress_.begin("reading", 0);
    Model model = DSQ_TRY(load_model(options_.model, options_.shapes, diagnostics_));
    DSQ_TRY(check_quantizable(model.graph, options_.model));
    const auto written = std::to_array({paths_.model, paths_.json, paths_.html, paths_.replay});
    DSQ_TRY(check_apart(model.source.external_files, written));
    DSQ_TRY(in_file(options_.model.string(), check_finite_weights(model.graph)));
    inputs_ = DSQ_TRY(read_inputs(model.graph, options_, diagnostics_));
    source_ = std::move(model.source);
    graph_ = std::move(model.graph);
    progress_.end();
    watch_.lap("read");
    return {};
  }

  // Shapes known, constants folded, batch norms folded, nothing dead: the twin that every error is measured against.
  Result<void> make_canonical() {
    progress_.begin("simplifying", 0);
    recipe_.calibrated = (inputs_.data || inputs_.table) && options_.ranges != Ranges::run_time;
    append(done_.passes, DSQ_TRY(run_own(options_, "canonicalize", graph_, context_)));
    append(done_.passes, DSQ_TRY(canonicalize(graph_, diagnostics_, pipeline_)));
    done_.reference = graph_;
    DSQ_TRY(check_plan(options_, graph_, diagnostics_));
    DSQ_TRY(inputs_.table
                ? in_file(options_.calibration->string(), check_table(*inputs_.table, graph_, inputs_.preprocess))
                : Result<void>());
    DSQ_TRY(settle_labels(done_.reference, options_, diagnostics_, inputs_));
    progress_.end();
    watch_.lap("canonicalize");
    return {};
  }

  // What is quantized and how, with ranges from data; layers make good what those before them lose. Beyond this point the
  // float topology does not change.
  Result<void> choose() {
    if (!options_.dry_run) {
      DSQ_TRY(check_needed_memory(done_.reference, inputs_, source_.file_bytes, options_));
    }
    Attempts attempts(done_.reference, inputs_, options_, pipeline_, progress_);
    Attempt attempt = DSQ_TRY(attempts.make(recipe_));
    watch_.lap("calibrate");
    if (learns(options_) && inputs_.data && !options_.dry_run && DSQ_TRY(attempts.set_apart(diagnostics_))) {
      DSQ_TRY(attempts.repair(attempt));
      watch_.lap("repair");
      if (searches(options_)) {
        Found found = DSQ_TRY(search_plan(attempts, std::move(attempt)));
        done_.report.plans = plan_reports(found);
        diagnostics_.note("", "mixed precision: " + text_of(found));
        attempt = std::move(found.attempt);
        watch_.lap("search");
      }
    }
    if (options_.save_plan && !done_.report.plans && !options_.dry_run) {
      diagnostics_.warn(Code::not_applicable, options_.save_plan->string(),
                        "no plan is written: none was searched for");
    }
    recipe_ = attempt.recipe;
    graph_ = std::move(attempt.graph);
    looked_ = attempt.looked;
    stats_ = attempts.seen();
    append(done_.passes, attempt.passes);
    diagnostics_.append(attempt.diagnostics);
    meant_ = done_.reference;
    for (const Recovered& each : attempt.recovered) {
      stand_for(each);
    }
    return {};
  }

  // Weights become integers; they are measured here, while they can be told from what they stand for.
  Result<void> store_weights() {
    const std::vector<NodeId> nodes = graph_.nodes();
    const auto is_layer = [&](NodeId id) { return quant_layer_at(graph_, id).has_value(); };
    progress_.begin("quantizing weights", std::ranges::count_if(nodes, is_layer));
    DSQ_TRY(run_stage("store"));
    done_.report.layers = layer_facts(meant_, graph_, sample_types(done_.reference, inputs_));
    layer_inputs_ = layer_inputs(done_.reference, graph_);
    describe_inputs(done_.report.layers, layer_inputs_, stats_);
    progress_.end();
    return {};
  }

  // Every boundary becomes explicit. Beyond this point the graph is what a device executes.
  Result<void> lower() {
    progress_.begin("lowering", 0);
    DSQ_TRY(run_stage("lower"));
    graph_.compact();
    done_.graph = std::move(graph_);
    Report& report = done_.report;
    report.floats = float_facts(done_.graph, Reasons(diagnostics_));
    const Seams seams = seams_of(done_.graph);
    report.conversions = seams.conversions;
    report.float_islands = seams.islands;
    progress_.end();
    watch_.lap("quantize");
    fill_provenance(report, options_, source_, inputs_);
    return {};
  }

  Result<void> foretell_rest() {
    DSQ_TRY(foretell(done_, inputs_, looked_, options_));
    judge(done_.report, options_, nullptr, diagnostics_);
    done_.report.diagnostics = diagnostics_.items();
    return {};
  }

  // Runs both twins, on the data or, to compare only, on a probe.
  Result<void> compare_with_float() {
    if (options_.compare) {
      DSQ_TRY(measure(done_, std::move(layer_inputs_), inputs_, options_, diagnostics_, progress_));
    }
    watch_.lap("compare");
    return {};
  }

  // Writes all files, then gives them their names: a model stands beside its own report, or nothing has changed.
  Result<void> write() {
    Report& report = done_.report;
    std::vector<NewFile> files;
    progress_.begin("writing", 0);
    if (options_.write) {
      files.push_back(DSQ_TRY(write_model(done_.graph, report, paths_.model)));
    }
    judge(report, options_, baseline_ ? &*baseline_ : nullptr, diagnostics_);
    watch_.lap("write");
    report.diagnostics = diagnostics_.items();
    if (options_.write) {
      files.push_back(DSQ_TRY(NewFile::write(paths_.json, to_json(report))));
      files.push_back(DSQ_TRY(NewFile::write(paths_.html, to_html(report))));
      if (options_.save_plan && report.plans) {  // otherwise nothing was found, which was said
        files.push_back(DSQ_TRY(NewFile::write(*options_.save_plan, plan_text(recipe_.plan))));
      }
    }
    DSQ_TRY(prepare_ci_files(report, options_.ci, files));
    DSQ_TRY(publish(files));
    progress_.end();
    return {};
  }

  // Which file an error of a step is about.
  Result<void> of_model(Result<void> step) const {
    if (!step && step.error().code == Code::shape_mismatch && inputs_.data && inputs_.data->fixed_batch() == 0) {
      const Value& input = done_.reference.value(done_.reference.inputs()[0]);
      step = std::move(step).error().hint(fmt::format(
          "the network may not take samples in every number; where it takes N at a time, --shape {} says so",
          shell_quoted(fmt::format("{}=N,...", input.name))));
    }
    const bool labels = !step && step.error().code == Code::labels_mismatch;
    return in_model(labels ? label_file(options_) : options_.model.string(), std::move(step));
  }

  void stand_for(const Recovered& repaired) {
    const std::string& name = graph_.value(graph_.node(repaired.node).outputs[0]).name;
    const std::optional<ValueId> y = meant_.find_value(name);
    const std::optional<QuantLayer> layer =
        y ? quant_layer_at(meant_, meant_.value(*y).producer) : std::optional<QuantLayer>();
    if (layer) {
      meant_.set_constant(layer->w, repaired.meant);
    }
  }

  Result<void> run_stage(std::string_view list) {
    append(done_.passes, DSQ_TRY(dsq::run_stage(options_, list, graph_, context_, pipeline_)));
    return {};
  }

  const QuantizeOptions& options_;
  Diagnostics& diagnostics_;
  Progress& progress_;
  Recipe recipe_;
  PassContext context_;
  OutputPaths paths_;
  PipelineOptions pipeline_;
  std::optional<Report> baseline_;
  Inputs inputs_;
  onnx_format::Source source_;
  Graph graph_;
  Graph meant_;          // the reference with the weights that repaired layers stand for
  bool looked_ = false;  // some range comes from data
  CalibrationTable stats_;
  std::vector<LayerInput> layer_inputs_;
  Quantized done_;
  Stopwatch watch_{done_.report};
};

}  // namespace

Result<Quantized> quantize(const QuantizeOptions& options, Diagnostics& diagnostics, Progress& progress) {
  const ThreadScope threads(options.threads);
  return Quantization(options, diagnostics, progress).run();
}

}  // namespace dsq
