#include "src/toolchain/rehearsal.h"

#include <algorithm>
#include <cmath>

#include "src/report/close_calls.h"
#include "src/runner/runner.h"
#include "src/support/parallel.h"
#include "src/toolchain/noise.h"

namespace dsq {
namespace {

constexpr float kLeastProbability = 1e-10F;

// The outputs of each batch. Each batch on one thread, so that results do not depend on their number (contract C3).
Result<std::vector<std::vector<Tensor>>> run_all(const Graph& graph, const Dataset& data,
                                                 const CalibrateOptions& options) {
  const int64_t step = data.step(options.batch);
  const int64_t batches = (data.size() + step - 1) / step;
  std::vector<std::vector<Tensor>> all(static_cast<size_t>(batches));
  std::vector<std::optional<Error>> failures(all.size());
  const ThreadScope threads(options.threads);
  const int64_t workers = std::min<int64_t>(thread_count(), batches);
  parallel_for(workers, 1, [&](int64_t begin, int64_t end) {
    for (int64_t w = begin; w < end; ++w) {
      Runner runner(graph, {options.backend, 1, {}});
      for (int64_t b = w; b < batches; b += workers) {
        const Result<std::vector<Tensor>> inputs = data.batch(b * step, std::min(step, data.size() - b * step));
        Result<std::vector<Tensor>> outputs =
            inputs ? runner.run(*inputs) : Result<std::vector<Tensor>>(inputs.error());
        if (!outputs) {
          failures[static_cast<size_t>(b)] = outputs.error();
          continue;
        }
        for (const Tensor& output : *outputs) {
          all[static_cast<size_t>(b)].push_back(output.clone());
        }
      }
    }
  });
  for (std::optional<Error>& failure : failures) {
    if (failure) {
      return std::move(*failure);
    }
  }
  return all;
}

// Whether an output is one row of class scores for each sample.
bool is_row_of_scores(const OutputReading& reading, const Tensor& output, int64_t samples) {
  return reading.kind == OutputKind::scores && output.dtype() == DType::f32 && output.shape().size() == 2 &&
         output.shape()[0] == samples && reading.axis.value_or(1) == 1;
}

// Rows of scores as logits.
std::vector<float> logits_of(const std::vector<std::vector<Tensor>>& batches, size_t output, bool probabilities) {
  std::vector<float> logits;
  for (const std::vector<Tensor>& batch : batches) {
    for (const float value : batch[output].values<float>()) {
      logits.push_back(probabilities ? std::log(std::max(value, kLeastProbability)) : value);
    }
  }
  return logits;
}

}  // namespace

Result<Rehearsal> Rehearsal::begin(const Graph& reference, const Dataset& held_out, const Dataset& others,
                                   std::optional<OutputKind> told, const CalibrateOptions& options) {
  Rehearsal rehearsal(held_out, others, options);
  rehearsal.outputs_ = DSQ_TRY(run_all(reference, held_out, options));
  const int64_t first = std::min(held_out.step(options.batch), held_out.size());
  bool rows = false;
  for (size_t o = 0; o < reference.outputs().size(); ++o) {
    const Tensor& output = rehearsal.outputs_[0][o];
    rehearsal.readings_.push_back(reading_of(reference, reference.outputs()[o], output, first, told));
    rows = rows || is_row_of_scores(rehearsal.readings_.back(), output, first);
  }
  if (rows) {
    rehearsal.others_ = DSQ_TRY(run_all(reference, others, options));
  }
  return rehearsal;
}

Result<Rehearsed> Rehearsal::judge(const Graph& simulated) const {
  const Batches found = DSQ_TRY(run_all(simulated, held_out_, options_));
  const Batches found_others = others_.empty() ? Batches() : DSQ_TRY(run_all(simulated, other_samples_, options_));
  const int64_t step = held_out_.step(options_.batch);
  NoiseMeter noise(readings_);
  for (size_t b = 0; b < found.size(); ++b) {
    for (size_t o = 0; o < readings_.size(); ++o) {
      if (found[b][o].shape() != outputs_[b][o].shape()) {
        return fail(Code::run_failed, "output {} has another shape when quantized", o);
      }
    }
    noise.add(std::min(step, held_out_.size() - static_cast<int64_t>(b) * step), outputs_[b], found[b]);
  }
  Rehearsed rehearsed{noise.noise(), {}};
  double worst = -1;
  for (size_t o = 0; o < readings_.size(); ++o) {
    if (!is_float(outputs_[0][o].dtype())) {
      continue;
    }
    const Loss loss = DSQ_TRY(loss_of(o, found, found_others));
    if (loss.points / loss.aim() > worst) {
      worst = loss.points / loss.aim();
      rehearsed.loss = loss;
    }
  }
  return rehearsed;
}

bool Rehearsal::has_rows(size_t output) const {
  const int64_t first = std::min(held_out_.step(options_.batch), held_out_.size());
  return is_row_of_scores(readings_[output], outputs_[0][output], first);
}

Result<Loss> Rehearsal::loss_of(size_t output, const Batches& found, const Batches& found_others) const {
  const OutputReading& reading = readings_[output];
  if (!others_.empty() && has_rows(output)) {
    const auto rows = [&](const Batches& was, const Batches& is) {
      return ScoreRows{logits_of(was, output, reading.probabilities), logits_of(is, output, reading.probabilities)};
    };
    return loss_of_close_calls(rows(outputs_, found), rows(others_, found_others), outputs_[0][output].shape()[1]);
  }
  LossMeter meter(reading, false);
  const int64_t step = held_out_.step(options_.batch);
  for (size_t b = 0; b < found.size(); ++b) {
    const int64_t count = std::min(step, held_out_.size() - static_cast<int64_t>(b) * step);
    DSQ_TRY(meter.add(count, outputs_[b][output], found[b][output]));
  }
  return meter.loss();
}

}  // namespace dsq
