#include "src/toolchain/forecast.h"

#include <algorithm>

#include "formats/dsq/write.h"
#include "src/ops/infer.h"
#include "src/quant/quant_layer.h"
#include "src/runner/executable.h"
#include "src/support/parallel.h"
#include "src/support/strings.h"
#include "src/toolchain/attempt.h"
#include "src/toolchain/macs.h"
#include "src/toolchain/memory.h"
#include "src/toolchain/probe.h"
#include "src/toolchain/verdict.h"

namespace dsq {
namespace {

std::vector<TensorType> types_of(const std::vector<Tensor>& tensors) {
  std::vector<TensorType> types;
  for (const Tensor& tensor : tensors) {
    types.push_back(tensor.type());
  }
  return types;
}

int64_t constants_of(const Graph& graph) {
  int64_t bytes = 0;
  for (const ValueId id : graph.values()) {
    const Tensor* constant = graph.constant(id);
    bytes += constant == nullptr ? 0 : static_cast<int64_t>(constant->bytes().size());
  }
  return bytes;
}

// The memory that a run on inputs of these types would need.
Result<MemoryPlan> planned(const Graph& graph, const std::vector<TensorType>& inputs, const CompileOptions& options) {
  const std::unique_ptr<Executable> made = DSQ_TRY(Executable::compile(graph, inputs, options));
  return made->memory();
}

// The outputs of layers that both twins have: their errors are measured side by side.
std::vector<std::string> compared_layers(const Graph& reference, const Graph& twin) {
  std::vector<std::string> names;
  for (const NodeId id : reference.topo_order()) {
    if (const std::optional<QuantLayer> layer = quant_layer_at(reference, id)) {
      const std::string& name = reference.value(layer->y).name;
      if (twin.find_value(name)) {
        names.push_back(name);
      }
    }
  }
  return names;
}

struct Bytes {
  int64_t all = 0;
  int64_t largest = 0;
};

// Of these values for inputs of these types.
Result<Bytes> bytes_at(const Graph& graph, const std::vector<std::string>& names,
                       const std::vector<TensorType>& inputs) {
  Graph sized = graph;
  for (size_t i = 0; i < inputs.size(); ++i) {
    sized.set_type(sized.inputs()[i], inputs[i]);
  }
  DSQ_TRY(infer_types(sized));
  Bytes bytes;
  for (const std::string& name : names) {
    const TensorType& type = sized.value(*sized.find_value(name)).type;
    const int64_t each = type.known() ? bytes_of(type.dtype, count_of(*type.shape)) : 0;
    bytes.all += each;
    bytes.largest = std::max(bytes.largest, each);
  }
  return bytes;
}

// What the process takes at its peak: while the model is read and simplified; while ranges are calibrated, batches side
// by side; while outputs are compared; or while layers are, whose outputs are kept, and the one that is looked at as it
// is, as its twin has it, and both as reals. Kernels hold the constants once more, in the order that they like.
Result<int64_t> process_peak(const Graph& reference, const Graph& twin, const Dataset& data, int64_t file_bytes,
                             const QuantizeOptions& options) {
  constexpr int64_t kProgram = 26 << 20;  // code, libraries and their own memory
  const auto types = [&](int64_t samples) -> Result<std::vector<TensorType>> {
    return types_of(DSQ_TRY(data.batch(0, std::min(data.step(samples), data.size()))));
  };
  const auto arena = [&](const Graph& graph, const std::vector<TensorType>& inputs,
                         const std::vector<std::string>& observed) -> Result<int64_t> {
    return DSQ_TRY(planned(graph, inputs, {options.backend, options.threads, observed})).peak;
  };
  const std::vector<std::string> layers = compared_layers(reference, twin);
  const std::vector<TensorType> step = DSQ_TRY(types(options.batch));
  const std::vector<TensorType> one = DSQ_TRY(types(1));
  const int64_t constants = constants_of(reference);
  const int64_t stored = constants_of(twin);
  const int64_t comparing = constants + stored + DSQ_TRY(arena(reference, step, {})) + DSQ_TRY(arena(twin, step, {}));
  const Bytes kept = DSQ_TRY(bytes_at(reference, layers, one));
  const int64_t by_layer = constants + stored + DSQ_TRY(arena(reference, one, layers)) +
                           DSQ_TRY(arena(twin, one, layers)) + kept.all + 4 * kept.largest;
  const int64_t batches = (data.size() + data.step(options.batch) - 1) / data.step(options.batch);
  const int64_t calibrating =
      options.data && !options.calibration
          ? std::min<int64_t>(thread_count(), batches) * (constants + DSQ_TRY(arena(reference, step, layers)))
          : 0;
  const int64_t each = DSQ_TRY(arena(reference, one, {})) / data.step(1);
  const int64_t repairing =
      learns(options) ? 4 * constants + bytes_to_repair(reference, data.size(), each, options.max_memory) : 0;
  int64_t samples = 0;  // what is decoded lies in memory a step at a time, but for repairs
  for (const Tensor& input : DSQ_TRY(data.batch(0, data.step(1)))) {
    samples += static_cast<int64_t>(input.bytes().size()) * (data.streams() ? 1 : data.size() / data.step(1));
  }
  const int64_t reading = file_bytes + constants - stored;  // both forms of the constants, and nothing is stored yet
  return kProgram + constants + stored + samples + std::max({reading, comparing, by_layer, calibrating, repairing});
}

// The working memory of one sample, as the report has it.
Result<MemoryReport> memory_of(const Quantized& done, const Dataset& data, const QuantizeOptions& options) {
  const std::vector<Tensor> sample = DSQ_TRY(data.batch(0, data.step(1)));
  const CompileOptions compile{options.backend, options.threads, {}};
  MemoryReport memory;
  memory.float_peak = DSQ_TRY(planned(done.reference, types_of(sample), compile)).peak;
  const MemoryPlan plan = DSQ_TRY(planned(done.graph, types_of(sample), compile));
  memory.quantized_peak = plan.peak;
  memory.quantized_total = plan.total;
  for (size_t i = 0; i < sample.size(); ++i) {
    memory.shapes += fmt::format("{}{} {}", i == 0 ? "" : ", ", done.reference.value(done.reference.inputs()[i]).name,
                                 text_of(sample[i].shape()));
  }
  return memory;
}

}  // namespace

Result<int64_t> forecast_samples(const Graph& reference, const Dataset& data) {
  constexpr int64_t kMacs = int64_t{4} << 30;  // about a second
  Graph sized = reference;
  const std::vector<Tensor> sample = DSQ_TRY(data.batch(0, data.step(1)));
  for (size_t i = 0; i < sample.size(); ++i) {
    sized.set_type(sized.inputs()[i], sample[i].type());
  }
  int64_t macs = 1;
  if (infer_types(sized)) {
    for (const NodeId id : sized.nodes()) {
      macs += macs_of(sized, sized.node(id)) / data.step(1);
    }
  }
  return data.first(std::clamp(kMacs / macs, kForecastSamples, 8 * kForecastSamples)).size();
}

Result<void> check_needed_memory(const Graph& reference, const Inputs& inputs, int64_t file_bytes,
                                 const QuantizeOptions& options) {
  const Result<Dataset> data = inputs.any() ? Result<Dataset>(*inputs.any()) : probe_inputs(reference);
  if (options.max_memory == 0 || !data) {
    return {};
  }
  // The float form stands for its twin, which is not made yet and takes less.
  const Result<int64_t> peak = process_peak(reference, reference, *data, file_bytes, options);
  return peak ? check_memory("quantizing", *peak, options.max_memory) : Result<void>();
}

Result<void> foretell(Quantized& done, const Inputs& inputs, bool calibrated, const QuantizeOptions& options) {
  Forecast forecast;
  forecast.exact = !learns(options) && (!calibrated || inputs.table ||
                                        inputs.data->size() <= DSQ_TRY(forecast_samples(done.reference, *inputs.data)));
  forecast.file_bytes = DSQ_TRY(dsq_bytes(done.graph, provenance_of(done.report)));
  done.report.artefact_bytes = forecast.file_bytes;
  const Result<Dataset> data = inputs.any() ? Result<Dataset>(*inputs.any()) : probe_inputs(done.reference);
  if (data) {
    Result<MemoryReport> memory = memory_of(done, *data, options);
    const Result<int64_t> peak = process_peak(done.reference, done.graph, *data, done.report.float_file_bytes, options);
    if (!memory && memory.error().code == Code::out_of_memory) {  // so would the real run
      return std::move(memory).error();
    }
    if (memory && peak) {
      done.report.memory = std::move(*memory);
      DSQ_TRY(options.max_memory > 0 ? check_memory("quantizing", *peak, options.max_memory) : Result<void>());
      forecast.process_peak = *peak;
    }
  }
  done.forecast = forecast;
  return {};
}

}  // namespace dsq
