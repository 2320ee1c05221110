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
  std::optional<std::pair<int64_t, Error>> failure;  // of the first sample that fails
};

// Every worker takes each workers.size()-th step.
Result<void> run_all(std::vector<Worker>& workers, const std::vector<std::string>& names, const Dataset& data,
                     Progress& progress) {
  const auto count = static_cast<int64_t>(workers.size());
  const int64_t step = data.step(1);
  progress.begin("calibrating ranges", data.size());
  std::atomic<int64_t> done = 0;
  parallel_for(count, 1, [&](int64_t begin, int64_t end) {
    for (int64_t w = begin; w < end; ++w) {
      Worker& worker = workers[static_cast<size_t>(w)];
      for (int64_t first = w * step; first < data.size() && !worker.failure; first += count * step) {
        const int64_t samples = std::min(step, data.size() - first);
        const Result<std::vector<Tensor>> inputs = data.batch(first, samples);
        const auto on_value = [&](size_t index, const Tensor& value) -> Result<void> {
          Result<void> seen = observe(worker.stats[index], value);
          if (!seen && seen.error().code == Code::data_not_finite) {
            seen = Error(seen.error()).with("of " + data.place(first));
          }
          return seen ? std::move(seen) : std::move(seen).error().at("value '" + names[index] + "'");
        };
        const Result<std::vector<Tensor>> outputs = inputs ? worker.runner.run(*inputs, on_value) : inputs.error();
        if (!outputs) {
          worker.failure.emplace(first, outputs.error());
        }
        done += samples;
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
  CompileOptions compile{options.backend, 1, {}};
  std::vector<ValueStats> empty;
  for (const Observation& each : wanted) {
    compile.observe.push_back(each.value);
    empty.push_back({each.axis, 0, {}});
  }
  std::vector<Worker> workers;
  const int64_t steps = (data.size() + data.step(1) - 1) / data.step(1);
  for (int64_t w = 0; w < std::min<int64_t>(thread_count(), steps); ++w) {
    workers.push_back({Runner(graph, compile), empty, std::nullopt});
  }
  DSQ_TRY(run_all(workers, compile.observe, data, progress));
  CalibrationTable table;
  for (size_t i = 0; i < wanted.size(); ++i) {
    ValueStats stats = std::move(empty[i]);
    for (const Worker& worker : workers) {
      DSQ_TRY(merge(stats, worker.stats[i]));
    }
    table.values.emplace(wanted[i].value, std::move(stats));
  }
  return table;
}

}  // namespace dsq
