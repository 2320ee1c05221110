#include "src/toolchain/twins.h"

#include <algorithm>

#include "src/data/prefetch.h"
#include "src/quant/fake.h"
#include "src/quant/weights.h"
#include "src/report/metrics.h"
#include "src/runner/runner.h"
#include "src/support/strings.h"
#include "src/toolchain/scoring.h"

namespace dsq {
namespace {

constexpr int64_t kLayerSamples = 32;  // for the error by layer: enough for two digits, and kept in memory at once
constexpr size_t kBlocks = 64;

// The reals that an observed value stands for.
Tensor real_of(const Graph& graph, ValueId id, const Tensor& value) {
  const std::optional<QuantParams>& params = graph.value(id).params;
  return params && !is_float(value.dtype()) ? restore(value, *params) : value.clone();
}

struct Meters {
  ErrorMeter error;
  Top1Meter agreement;
  PairSample pairs;
};

// Runs both twins over all samples and compares their outputs.
class OutputComparison {
 public:
  OutputComparison(const Graph& reference, const std::vector<int64_t>& labels, std::optional<OutputKind> told)
      : meters_(reference.outputs().size()), scoring_(reference, labels, told) {}

  Result<void> add(int64_t count, const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
    for (size_t o = 0; o < a.size(); ++o) {
      if (a[o].shape() != b[o].shape()) {
        return fail(Code::run_failed, "output {} is {} in float and {} when quantized", o, text_of(a[o].shape()),
                    text_of(b[o].shape()));
      }
      meters_[o].error.add(a[o], b[o]);
      meters_[o].pairs.add(a[o], b[o]);
      if (is_scores(a[o].shape())) {
        meters_[o].agreement.add(a[o], b[o]);
      }
    }
    return scoring_.add(count, a, b);
  }

  std::vector<OutputReport> outputs(const Graph& reference) const {
    std::vector<OutputReport> reports;
    for (size_t o = 0; o < meters_.size(); ++o) {
      OutputReport report;
      report.name = reference.value(reference.outputs()[o]).name;
      report.sqnr_db = meters_[o].error.sqnr_db();
      report.max_abs_error = meters_[o].error.max_abs_error();
      report.cosine = meters_[o].error.cosine();
      report.top1_agreement = meters_[o].agreement.share();
      report.points = meters_[o].pairs.pairs();
      reports.push_back(std::move(report));
    }
    return reports;
  }

  const Scoring& scoring() const { return scoring_; }

 private:
  std::vector<Meters> meters_;
  Scoring scoring_;
};

Result<void> compare_outputs(const Graph& reference, const Graph& quantized, const Dataset& data,
                             const TwinOptions& options, OutputComparison& comparison, KeptOutputs& kept,
                             Progress& progress) {
  Runner first(reference, {options.backend, options.threads, {}});
  Runner second(quantized, {options.backend, options.threads, {}});
  const int64_t step = data.step(options.batch);
  Prefetch ahead(data, step);
  progress.begin("comparing with float", data.size());
  for (int64_t at = 0; at < data.size(); at += step) {
    const int64_t count = std::min(step, data.size() - at);
    const std::vector<Tensor> inputs = DSQ_TRY(ahead.next());
    std::vector<Tensor> a = DSQ_TRY(first.run(inputs));
    std::vector<Tensor> b = DSQ_TRY(second.run(inputs));
    DSQ_TRY(comparison.add(count, a, b));
    if (options.keep_outputs) {
      kept.reference.push_back(std::move(a));
      kept.quantized.push_back(std::move(b));
    }
    progress.step(at + count);
  }
  progress.end();
  return {};
}

// Layer by layer, on the first samples: outputs against the float network, inputs against themselves.
Result<void> compare_layers(const Graph& reference, const Graph& quantized, const Dataset& data,
                            const TwinOptions& options, TwinResult& result) {
  std::vector<ValueId> ids;
  std::vector<std::string> watched = options.layers;
  for (const std::string& name : options.layers) {
    ids.push_back(*quantized.find_value(name));
  }
  for (const LayerInput& input : options.inputs) {
    watched.push_back(input.value);
  }
  Runner first(reference, {options.backend, options.threads, watched});
  Runner second(quantized, {options.backend, options.threads, options.layers});
  std::vector<ErrorMeter> meters(watched.size());
  const int64_t step = data.step(1);  // the outputs of all layers are kept for a step
  for (int64_t at = 0; at < std::min(data.size(), kLayerSamples); at += step) {
    const std::vector<Tensor> inputs = DSQ_TRY(data.batch(at, std::min(step, data.size() - at)));
    std::vector<Tensor> kept(options.layers.size());
    const auto quantize_alone = [&](size_t i, const Tensor& value) {
      const LayerInput& input = options.inputs[i];
      meters[kept.size() + i].add(value, fake_quantized(value, input.spec, input.params ? &*input.params : nullptr));
    };
    DSQ_TRY(first.run(inputs, [&](size_t i, const Tensor& value) -> Result<void> {
      if (i < kept.size()) {
        kept[i] = value.clone();
      } else {
        quantize_alone(i - kept.size(), value);
      }
      return {};
    }));
    for (size_t i = 0; i < options.inputs.size(); ++i) {  // no node makes what the network is given
      for (size_t k = 0; k < inputs.size(); ++k) {
        if (reference.value(reference.inputs()[k]).name == options.inputs[i].value) {
          quantize_alone(i, inputs[k]);
        }
      }
    }
    DSQ_TRY(second.run(inputs, [&](size_t i, const Tensor& value) -> Result<void> {
      const Tensor real = real_of(quantized, ids[i], value);
      if (real.shape() == kept[i].shape()) {
        meters[i].add(kept[i], real);
      }
      return {};
    }));
  }
  for (size_t i = 0; i < meters.size(); ++i) {
    if (i >= options.layers.size()) {
      result.input_sqnr_db.push_back(meters[i].sqnr_db());
    } else if (meters[i].count() > 0) {
      result.layer_sqnr_db.emplace(options.layers[i], meters[i].sqnr_db());
    }
  }
  return {};
}

Result<MemoryReport> compare_memory(const Graph& reference, const Graph& quantized, const Dataset& data,
                                    const TwinOptions& options) {
  const std::vector<Tensor> sample = DSQ_TRY(data.batch(0, data.step(1)));
  MemoryReport memory;
  Runner first(reference, {options.backend, options.threads, {}});
  memory.float_peak = DSQ_TRY(first.executable_for(sample))->memory().peak;
  Runner second(quantized, {options.backend, options.threads, {}});
  const Executable* made = DSQ_TRY(second.executable_for(sample));
  memory.quantized_peak = made->memory().peak;
  memory.quantized_total = made->memory().total;
  for (size_t i = 0; i < sample.size(); ++i) {
    const Value& input = reference.value(reference.inputs()[i]);
    memory.shapes += fmt::format("{}{} {}", i == 0 ? "" : ", ", input.name, text_of(sample[i].shape()));
  }
  for (const PlannedValue& value : made->planned()) {
    memory.blocks.push_back({value.name, value.offset, value.life.bytes, value.life.first, value.life.last});
  }
  std::ranges::stable_sort(memory.blocks, std::greater(), &MemoryReport::Block::bytes);
  memory.blocks.resize(std::min(memory.blocks.size(), kBlocks));
  return memory;
}

}  // namespace

Result<TwinResult> compare_twins(const Graph& reference, const Graph& quantized, const Dataset& data,
                                 const std::vector<int64_t>& labels, const TwinOptions& options, Progress& progress) {
  if (!labels.empty() && static_cast<int64_t>(labels.size()) != data.size()) {
    return fail(Code::labels_mismatch, "{} for {}", plural(labels.size(), "label"), plural(data.size(), "sample"));
  }
  TwinResult result;
  OutputComparison comparison(reference, labels, options.output_kind);
  DSQ_TRY(compare_outputs(reference, quantized, data, options, comparison, result.kept, progress));
  result.outputs = comparison.outputs(reference);
  result.losses = comparison.scoring().losses(data, options.max_drop);
  result.accuracy = comparison.scoring().accuracy(options.classes);
  DSQ_TRY(compare_layers(reference, quantized, data, options, result));
  result.memory = DSQ_TRY(compare_memory(reference, quantized, data, options));
  return result;
}

}  // namespace dsq
