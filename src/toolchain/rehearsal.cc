#include "src/toolchain/rehearsal.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "src/report/metrics.h"
#include "src/runner/runner.h"
#include "src/support/parallel.h"

namespace dsq {
namespace {

constexpr int64_t kErrorsForEach = 6;  // that a sample's scores meet
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
void append_logits(const Tensor& output, bool probabilities, std::vector<float>& logits) {
  for (const float value : output.values<float>()) {
    logits.push_back(probabilities ? std::log(std::max(value, kLeastProbability)) : value);
  }
}

std::span<const float> row_of(const std::vector<float>& rows, int64_t row, int64_t length) {
  return std::span(rows).subspan(static_cast<size_t>(row * length), static_cast<size_t>(length));
}

// By how much the first choice leads.
float margin_of(std::span<const float> row) {
  float first = -std::numeric_limits<float>::infinity();
  float second = first;
  for (const float value : row) {
    second = std::max(second, std::min(first, value));
    first = std::max(first, value);
  }
  return first - second;
}

}  // namespace

Result<Rehearsal> Rehearsal::begin(const Graph& reference, const Dataset& held_out, const Dataset& others,
                                   std::optional<OutputKind> told, const CalibrateOptions& options) {
  Rehearsal rehearsal(held_out, options);
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
  Rehearsed rehearsed;
  double worst = -1;
  for (size_t o = 0; o < readings_.size(); ++o) {
    ErrorMeter error;
    for (size_t b = 0; b < found.size(); ++b) {
      if (found[b][o].shape() != outputs_[b][o].shape()) {
        return fail(Code::run_failed, "output {} has another shape when quantized", o);
      }
      error.add(outputs_[b][o], found[b][o]);
    }
    rehearsed.noise += std::pow(10.0, -error.sqnr_db() / 10) / static_cast<double>(readings_.size());
    if (!is_float(outputs_[0][o].dtype())) {
      continue;
    }
    const Loss loss = DSQ_TRY(loss_of(o, found));
    if (loss.points / loss.aim() > worst) {
      worst = loss.points / loss.aim();
      rehearsed.loss = loss;
    }
  }
  return rehearsed;
}

Result<Loss> Rehearsal::loss_of(size_t output, const Batches& found) const {
  const OutputReading& reading = readings_[output];
  const int64_t step = held_out_.step(options_.batch);
  const int64_t first = std::min(step, held_out_.size());
  OutputReading logits = reading;
  logits.probabilities = false;
  const bool rows = !others_.empty() && is_row_of_scores(reading, outputs_[0][output], first);
  LossMeter meter(rows ? logits : reading, false);
  if (rows) {
    DSQ_TRY(add_mixed(output, found, meter));
    return meter.loss();
  }
  for (size_t b = 0; b < found.size(); ++b) {
    const int64_t count = std::min(step, held_out_.size() - static_cast<int64_t>(b) * step);
    DSQ_TRY(meter.add(count, outputs_[b][output], found[b][output]));
  }
  return meter.loss();
}

Result<void> Rehearsal::add_mixed(size_t output, const Batches& found, LossMeter& meter) const {
  const bool probabilities = readings_[output].probabilities;
  std::vector<float> was;
  std::vector<float> is;
  for (size_t b = 0; b < found.size(); ++b) {
    append_logits(outputs_[b][output], probabilities, was);
    append_logits(found[b][output], probabilities, is);
  }
  std::vector<float> scores = was;
  for (const std::vector<Tensor>& batch : others_) {
    append_logits(batch[output], probabilities, scores);
  }
  const int64_t classes = outputs_[0][output].shape()[1];
  const auto samples = static_cast<int64_t>(scores.size()) / classes;
  const auto errors = static_cast<int64_t>(was.size()) / classes;
  std::vector<std::pair<float, int64_t>> by_margin;  // of the held-out samples
  for (int64_t e = 0; e < errors; ++e) {
    by_margin.emplace_back(margin_of(row_of(was, e, classes)), e);
  }
  std::ranges::sort(by_margin);
  const Tensor reference = Tensor::of<float>({samples, classes}, std::span<const float>(scores));
  const int64_t turns = std::min(errors, kErrorsForEach);
  for (int64_t turn = 0; turn < turns; ++turn) {
    std::vector<float> moved = scores;
    for (int64_t s = 0; s < samples; ++s) {
      const std::pair<float, int64_t> own{margin_of(row_of(scores, s, classes)), -1};
      const int64_t place = std::ranges::lower_bound(by_margin, own) - by_margin.begin();
      const int64_t first = std::clamp<int64_t>(place - turns / 2, 0, errors - turns);
      const int64_t error = by_margin[static_cast<size_t>(first + turn)].second;
      for (int64_t c = 0; c < classes; ++c) {
        const auto at = static_cast<size_t>(error * classes + c);
        moved[static_cast<size_t>(s * classes + c)] += is[at] - was[at];
      }
    }
    DSQ_TRY(meter.add(samples, reference, Tensor::of<float>({samples, classes}, std::span<const float>(moved))));
  }
  return {};
}

}  // namespace dsq
