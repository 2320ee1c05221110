#include "src/toolchain/verdict.h"

#include <algorithm>
#include <cmath>

#include "formats/dsq/write.h"
#include "formats/report/select.h"
#include "src/quant/quant_layer.h"
#include "src/report/loss_text.h"
#include "src/runner/backend.h"
#include "src/support/hash.h"
#include "src/support/strings.h"
#include "src/toolchain/causes.h"
#include "src/toolchain/gates.h"
#include "src/toolchain/metric_command.h"
#include "src/toolchain/options_text.h"
#include "src/toolchain/probe.h"
#include "src/toolchain/twins.h"

namespace dsq {
namespace {

constexpr double kPoorSqnrDb = 10.0;  // an error of a third of the signal
constexpr size_t kWorst = 5;

double worst_output(const Report& report) {
  double worst = INFINITY;
  for (const OutputReport& output : report.outputs) {
    worst = std::min(worst, output.sqnr_db);
  }
  return worst;
}

std::string mend_of(const LayerReport& layer) {
  return "--keep " +
         shell_quoted(fmt::format("{}={}", glob_escaped(layer.name), layer.act_type == "u4" ? "int8" : "fp16"));
}

// Says why, for the layers that lose most by themselves.
void explain_layers(Report& report) {
  std::vector<LayerReport*> integer;
  for (LayerReport& layer : report.layers) {
    if (layer.integer && layer.output_sqnr_db) {
      integer.push_back(&layer);
    }
  }
  const auto own = [](const LayerReport* layer) { return layer->input_sqnr_db.value_or(*layer->output_sqnr_db); };
  std::ranges::stable_sort(integer, {}, own);
  for (size_t i = 0; i < std::min(kWorst, integer.size()); ++i) {
    LayerReport& layer = *integer[i];
    if (*layer.output_sqnr_db > 40.0) {
      continue;
    }
    layer.cause = cause_of(layer, &layer == &report.layers.front());
    layer.mend = mend_of(layer);
  }
}

std::string headline_of(const Report& report) {
  std::string text;
  if (report.artefact_bytes > 0 && report.float_file_bytes > 0) {
    const double share = 1 - static_cast<double>(report.artefact_bytes) / static_cast<double>(report.float_file_bytes);
    text = share >= 0
               ? fmt::format("{:.1f} % smaller ({} instead of {})", share * 100,
                             human_bytes(static_cast<double>(report.artefact_bytes)),
                             human_bytes(static_cast<double>(report.float_file_bytes)))
               : fmt::format("Not smaller: {} instead of {}", human_bytes(static_cast<double>(report.artefact_bytes)),
                             human_bytes(static_cast<double>(report.float_file_bytes)));
  }
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : "; ") + part; };
  if (report.accuracy) {
    add(fmt::format("{:.2f} % right instead of {:.2f} % on {}", report.accuracy->quantized_top1 * 100,
                    report.accuracy->float_top1 * 100, plural(report.accuracy->samples, "sample")));
  } else if (report.losses && !report.losses->empty()) {
    const LossReport& loss = report.losses->front();
    add(fmt::format("{} {} on {}", loss_title(loss), points_text(loss, loss.points), plural(loss.samples, "sample")));
  } else if (!report.outputs.empty()) {
    add(fmt::format("outputs at {:.1f} dB of float{}", worst_output(report),
                    report.data_kind == "probe" ? " on a synthetic probe" : ""));
  }
  if (const LayerReport* worst = worst_weights(report); worst != nullptr && has_weight_limit(report)) {
    add(fmt::format("weights within {:.2f} % in every int8 layer", std::ceil(worst->weight_error * 1e4) / 100));
  }
  return text + ".";
}

}  // namespace

namespace {

// A network that a probe cannot run may want other data: other indices, other sizes where the model leaves them open or
// computes them from its inputs. Where it takes floats and all its shapes are fixed, no data would do; what asks for too
// much memory does so in use as well, and what has no kernel for its types has none for any data.
bool is_own_fault(const Error& error, const Graph& graph) {
  const bool floats =
      std::ranges::all_of(graph.inputs(), [&](ValueId id) { return graph.value(id).type.dtype == DType::f32; });
  const bool fixed = std::ranges::all_of(graph.values(), [&](ValueId id) { return graph.value(id).type.known(); });
  return error.code == Code::out_of_memory || error.code == Code::op_not_runnable || (floats && fixed);
}

}  // namespace

std::vector<TensorType> sample_types(const Graph& graph, const Inputs& inputs) {
  const Result<Dataset> data = inputs.any() ? Result<Dataset>(*inputs.any()) : probe_inputs(graph);
  std::vector<TensorType> types;
  const Result<std::vector<Tensor>> sample = data ? data->batch(0, data->step(1)) : data.error();
  for (const Tensor& tensor : sample ? *sample : std::vector<Tensor>()) {
    types.push_back(tensor.type());
  }
  return types;
}

void fill_provenance(Report& report, const QuantizeOptions& options, const onnx_format::Source& source,
                     const Inputs& inputs) {
  report.tool_version = "dsquant " DSQ_VERSION;
  report.libraries = dsq_libraries();
  const Result<const Backend*> backend = find_backend(options.backend);
  if (backend) {
    report.instructions = (*backend)->instructions();
    const std::string library = inputs.data ? (*backend)->library() : "";  // ranges are what its kernels compute
    *report.libraries += library.empty() ? "" : ", " + library;
  }
  report.model_name = options.model_name.empty() ? options.model.filename().string() : options.model_name;
  report.model_sha256 = source.sha256;
  report.producer = source.producer;
  report.opset = source.opset;
  report.float_file_bytes = source.file_bytes;
  report.command = text_of(options) + (inputs.table ? " --calibration " + inputs.table_sha256 : "");
  report.data_sha256 = inputs.data_sha256;
  report.data_samples = inputs.samples;
  if (inputs.table) {
    report.calibrated_samples = std::ssize(inputs.table->samples);
  } else if (inputs.data) {
    report.calibrated_samples = inputs.data->size();
  }
  if (inputs.evaluation) {
    report.measured_samples = inputs.evaluation->size();
    report.measured_on = inputs.measured_on;
  }
  report.preprocess = inputs.preprocess.empty() ? std::nullopt : std::optional(inputs.preprocess);
  report.data_kind = !inputs.any() ? "probe" : inputs.data || inputs.table ? "calibrated" : "measured";
  report.max_weight_error = options.recipe.max_weight_error;
  int64_t integer = 0;
  int64_t all = 0;
  for (const LayerReport& layer : report.layers) {
    integer += layer.integer ? layer.macs : 0;
    all += layer.macs;
  }
  report.integer_mac_share = all > 0 ? static_cast<double>(integer) / static_cast<double>(all) : 0;
}

Provenance provenance_of(const Report& report) {
  return {report.tool_version, report.model_name,   report.model_sha256,
          report.producer,     report.opset,        report.command,
          report.data_sha256,  report.data_samples, report.libraries.value_or("")};
}

namespace {

// Comes first in the report. What is wrong with the command is kept for later: the artefact is as good without it.
void measure_by_command(Quantized& done, KeptOutputs kept, const Dataset& data, const QuantizeOptions& options,
                        Progress& progress) {
  if (!options.metric_command) {
    return;
  }
  std::vector<std::string> names;
  for (const ValueId id : done.reference.outputs()) {
    names.push_back(done.reference.value(id).name);
  }
  progress.begin("running the metric command", 0);
  Result<LossReport> loss =
      run_metric(*options.metric_command, names, std::move(kept), data.labels(), data.size(), options.max_drop);
  progress.end();
  if (loss) {
    done.report.losses->insert(done.report.losses->begin(), std::move(*loss));
  } else {
    done.metric_error = std::move(loss).error();
    done.report.gates.push_back({kMetricGate, "a number", done.metric_error->what, false});
  }
}

}  // namespace

Result<void> measure(Quantized& done, std::vector<LayerInput> layer_inputs, const Inputs& inputs,
                     const QuantizeOptions& options, Diagnostics& diagnostics, Progress& progress) {
  Report& report = done.report;
  diagnostics.enter_pass("");
  TwinOptions twin{options.backend,
                   options.threads,
                   options.batch,
                   {},
                   std::move(layer_inputs),
                   options.output_kind,
                   options.max_drop,
                   inputs.classes,
                   options.metric_command.has_value()};
  std::map<std::string, size_t> layer_of;  // by output value; reports of the outermost layers come first, in this order
  size_t index = 0;
  for (const NodeId id : done.reference.topo_order()) {
    if (!quant_layer_at(done.reference, id)) {
      continue;
    }
    const std::string& y = done.reference.value(done.reference.node(id).outputs[0]).name;
    if (done.graph.find_value(y)) {
      twin.layers.push_back(y);
      layer_of.emplace(y, index);
    }
    ++index;
  }
  const Result<Dataset> data = inputs.evaluation ? Result<Dataset>(*inputs.evaluation) : probe_inputs(done.reference);
  Result<TwinResult> result = data ? compare_twins(done.reference, done.graph, *data, data->labels(), twin, progress)
                                   : Result<TwinResult>(data.error());
  if (!result) {
    if (inputs.evaluation || (data && is_own_fault(result.error(), done.reference))) {
      return std::move(result).error();
    }
    report.data_kind = "none";
    diagnostics.note(
        "", "the result was not compared with float: no data, and a probe cannot run (" + result.error().what + ")");
    return {};
  }
  report.outputs = std::move(result->outputs);
  report.accuracy = std::move(result->accuracy);
  if (inputs.evaluation) {
    report.losses = std::move(result->losses);
    measure_by_command(done, std::move(result->kept), *inputs.evaluation, options, progress);
  }
  report.memory = std::move(result->memory);
  for (const auto& [value, sqnr] : result->layer_sqnr_db) {
    report.layers[layer_of.at(value)].output_sqnr_db = sqnr;
  }
  for (size_t i = 0; i < twin.inputs.size(); ++i) {
    report.layers[twin.inputs[i].layer].input_sqnr_db = result->input_sqnr_db[i];
  }
  if (worst_output(report) < kPoorSqnrDb) {
    const char* help = inputs.data || inputs.table
                           ? "keep the worst layers of the report at a higher precision with --keep"
                           : "give real samples with --data, so that ranges are calibrated";
    diagnostics.warn(Code::far_from_float, "",
                     fmt::format("the outputs are at {:.1f} dB of float{}; {}", worst_output(report),
                                 inputs.evaluation ? "" : " on a synthetic probe", help));
  }
  return {};
}

void fill_sizes(Report& report, const DsqParts& parts, std::span<const std::byte> artefact) {
  int64_t float_weights = 0;
  for (const LayerReport& layer : report.layers) {
    float_weights += layer.weight_type == "i8" || layer.weight_type == "i4" ? layer.float_bytes : 0;
  }
  report.size = {{"integer weights", float_weights, parts.integers},
                 {"scales and offsets", 0, parts.scales},
                 {"fp16 constants", parts.fp16 * 2, parts.fp16},
                 {"fp32 constants", parts.floats, parts.floats},
                 {"graph and metadata", 0, parts.metadata}};
  report.artefact_bytes = static_cast<int64_t>(artefact.size());
  report.artefact_sha256 = hex(sha256(artefact));
}

void judge(Report& report, const QuantizeOptions& options, const Report* baseline, Diagnostics& diagnostics) {
  explain_layers(report);
  add_gates(report, options, diagnostics);
  if (baseline != nullptr) {
    add_baseline_gates(report, *baseline);
  }
  report.passed = std::ranges::all_of(report.gates, &Gate::passed);
  report.headline = headline_of(report);
  if (!options.data && !options.calibration && is_integer(options.recipe.act)) {
    diagnostics.note("", "no --data: activation ranges are taken at run time, for each sample");
  }
}

}  // namespace dsq
