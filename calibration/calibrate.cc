#include "calibration/calibrate.h"

#include <algorithm>
#include <atomic>

#include "calibration/observer.h"
#include "src/runner/runner.h"
#include "src/support/parallel.h"

namespace dsq {
namespace {

// What one thread needs: a runner of its own and its own share of the statistics.
struct Worker {
  Runner runner;
  std::vector<ValueStats> stats;
  std::optional<std::pair<int64_t, Error>> failure;  // of the batch with the smallest number
};

struct Batch {
  int64_t first;
  int64_t count;
};

std::vector<Batch> batches_of(const Dataset& data, int64_t wanted) {
  std::vector<Batch> batches;
  const int64_t step = data.step(wanted);
  for (int64_t first = 0; first < data.size(); first += step) {
    batches.push_back({first, std::min(step, data.size() - first)});
  }
  return batches;
}

// Every worker takes each workers.size()-th batch; `look` is called with the worker's statistics of a value.
template <class Look>
Result<void> run_all(std::vector<Worker>& workers, const std::vector<std::string>& names,
                     const std::vector<Batch>& batches, const Dataset& data, Progress& progress, std::string_view phase,
                     Look look) {
  const auto count = static_cast<int64_t>(workers.size());
  progress.begin(phase, static_cast<int64_t>(batches.size()));
  std::atomic<int64_t> done = 0;
  parallel_for(count, 1, [&](int64_t begin, int64_t end) {
    for (int64_t w = begin; w < end; ++w) {
      Worker& worker = workers[static_cast<size_t>(w)];
      for (auto b = static_cast<size_t>(w); b < batches.size() && !worker.failure; b += workers.size()) {
        const Result<std::vector<Tensor>> inputs = data.batch(batches[b].first, batches[b].count);
        const auto on_value = [&](size_t index, const Tensor& value) -> Result<void> {
          Result<void> seen = look(worker.stats[index], value);
          return seen ? std::move(seen) : std::move(seen).error().at("value '" + names[index] + "'");
        };
        const Result<std::vector<Tensor>> outputs = inputs ? worker.runner.run(*inputs, on_value) : inputs.error();
        if (!outputs) {
          worker.failure.emplace(static_cast<int64_t>(b), outputs.error());
        }
        ++done;
        if (w == 0) {
          progress.step(done);
        }
      }
    }
  });
  progress.end();
  const Worker* first = nullptr;
  for (const Worker& worker : workers) {
    if (worker.failure && (first == nullptr || worker.failure->first < first->failure->first)) {
      first = &worker;
    }
  }
  if (first != nullptr) {
    return Error(first->failure->second);
  }
  return {};
}

}  // namespace

std::vector<Observation> wanted_observations(const Graph& graph) {
  std::vector<Observation> wanted;
  for (const ValueId id : graph.values()) {
    const Value& value = graph.value(id);
    if (value.spec && value.spec->range == RangeSource::calibrated) {
      wanted.push_back({value.name, value.spec->granularity.axis});
    }
  }
  return wanted;
}

Result<CalibrationTable> calibrate(const Graph& graph, const std::vector<Observation>& wanted, const Dataset& data,
                                   const CalibrateOptions& options, Progress& progress) {
  if (wanted.empty()) {
    return CalibrationTable{};
  }
  const ThreadScope threads(options.threads);
  const std::vector<Batch> batches = batches_of(data, options.batch);
  CompileOptions compile{options.backend, 1, {}};
  std::vector<ValueStats> empty;
  for (const Observation& each : wanted) {
    compile.observe.push_back(each.value);
    empty.push_back({each.axis, 0, {}});
  }
  std::vector<Worker> workers;
  const int64_t count = std::min<int64_t>(thread_count(), static_cast<int64_t>(batches.size()));
  for (int64_t w = 0; w < count; ++w) {
    workers.push_back({Runner(graph, compile), empty, std::nullopt});
  }
  DSQ_TRY(run_all(workers, compile.observe, batches, data, progress, "calibrating ranges",
                  [](ValueStats& stats, const Tensor& value) { return observe_extremes(stats, value); }));
  std::vector<ValueStats> merged = workers[0].stats;
  for (size_t w = 1; w < workers.size(); ++w) {
    for (size_t i = 0; i < merged.size(); ++i) {
      merge_extremes(merged[i], workers[w].stats[i]);
    }
  }
  for (ValueStats& stats : merged) {
    start_bins(stats);
  }
  for (Worker& worker : workers) {
    worker.stats = merged;
  }
  DSQ_TRY(run_all(workers, compile.observe, batches, data, progress, "calibrating histograms",
                  [](ValueStats& stats, const Tensor& value) -> Result<void> {
                    observe_bins(stats, value);
                    return {};
                  }));
  CalibrationTable table;
  for (size_t i = 0; i < merged.size(); ++i) {
    for (const Worker& worker : workers) {
      merge_bins(merged[i], worker.stats[i]);
    }
    table.values.emplace(wanted[i].value, std::move(merged[i]));
  }
  return table;
}

}  // namespace dsq
