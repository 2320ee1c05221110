#include "src/toolchain/bench.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <numeric>

#include <sys/resource.h>

#include "src/support/parallel.h"
#include "src/support/strings.h"
#include "src/toolchain/run.h"

namespace dsq {
namespace {

using Clock = std::chrono::steady_clock;

double since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

int64_t process_peak() {
  rusage usage{};
  return ::getrusage(RUSAGE_SELF, &usage) == 0 ? int64_t{usage.ru_maxrss} * 1024 : 0;
}

std::string processor_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) {
      return line.substr(colon + 2);
    }
  }
  return {};
}

// Steps through the data, over and over.
class Steps {
 public:
  Steps(Executable& executable, const Dataset& data, int64_t batch)
      : executable_(executable), data_(data), batch_(batch) {}

  Result<double> time(std::vector<NodeProfile>* profile = nullptr) {
    if (at_ + batch_ > data_.size()) {
      at_ = 0;
    }
    const std::vector<Tensor> inputs = DSQ_TRY(data_.batch(at_, batch_));
    at_ += batch_;
    const Clock::time_point start = Clock::now();
    DSQ_TRY(executable_.run(inputs, {}, profile));
    return since(start);
  }

 private:
  Executable& executable_;
  const Dataset& data_;
  int64_t batch_;
  int64_t at_ = 0;
};

// Timed steps until there are enough runs, or enough time went by.
Result<void> time_steps(Steps& steps, const BenchOptions& options, Bench& result, Progress& progress) {
  const Clock::time_point start = Clock::now();
  const auto milliseconds = static_cast<int64_t>(options.seconds * 1000);
  progress.begin("timing", options.runs > 0 ? options.runs : milliseconds);
  do {
    result.latency.push_back(DSQ_TRY(steps.time()));
    progress.step(options.runs > 0 ? static_cast<int64_t>(result.latency.size())
                                   : static_cast<int64_t>(since(start) * 1000));
  } while (options.runs > 0 ? static_cast<int64_t>(result.latency.size()) < options.runs
                            : since(start) < options.seconds);
  progress.end();
  std::ranges::sort(result.latency);
  return {};
}

}  // namespace

double Bench::percentile(double share) const {
  const auto rank = static_cast<size_t>(std::ceil(share * static_cast<double>(latency.size())));
  return latency[std::clamp<size_t>(rank, 1, latency.size()) - 1];
}

double Bench::samples_per_second() const {
  const double all = std::accumulate(latency.begin(), latency.end(), 0.0);
  return all > 0 ? static_cast<double>(batch) * static_cast<double>(latency.size()) / all : 0;
}

Result<Bench> bench(const Graph& graph, const Dataset& data, const BenchOptions& options, Progress& progress) {
  constexpr int64_t kWarmUpRuns = 5;
  constexpr double kWarmUpSeconds = 0.5;
  const ThreadScope threads(options.threads);
  Bench result;
  result.batch = options.batch > 0 ? DSQ_TRY(batch_for(data, options.batch)) : data.step(1);
  result.threads = thread_count();
  if (result.batch > data.size()) {
    return fail(Code::data_mismatch, "a batch of {} from {}", result.batch, plural(data.size(), "sample"))
        .hint("give more samples, or a smaller --batch");
  }
  Runner runner(graph, {options.backend, options.threads, {}});
  const std::vector<Tensor> inputs = DSQ_TRY(data.batch(0, result.batch));
  for (const Tensor& input : inputs) {
    result.shapes.push_back(input.shape());
  }
  const Clock::time_point start = Clock::now();
  Executable* executable = DSQ_TRY(runner.executable_for(inputs));
  DSQ_TRY(check_step_memory(*executable, result.batch, options.max_memory));
  result.compile_seconds = since(start);
  Steps steps(*executable, data, result.batch);
  progress.begin("warming up", kWarmUpRuns);
  const Clock::time_point warm = Clock::now();
  while (result.warm_up == 0 || (result.warm_up < kWarmUpRuns && since(warm) < kWarmUpSeconds)) {
    const double seconds = DSQ_TRY(steps.time());
    result.first_seconds = result.warm_up == 0 ? seconds : result.first_seconds;
    progress.step(++result.warm_up);
  }
  progress.end();
  DSQ_TRY(time_steps(steps, options, result, progress));
  result.profile_runs = std::max<int64_t>(static_cast<int64_t>(result.latency.size()) / 10, 1);
  progress.begin("profiling", result.profile_runs);
  for (int64_t i = 0; i < result.profile_runs; ++i) {
    DSQ_TRY(steps.time(&result.profile));
    progress.step(i + 1);
  }
  progress.end();
  result.arena_bytes = executable->memory().peak;
  result.constant_bytes = executable->constant_bytes();
  result.process_bytes = process_peak();
  result.instructions = DSQ_TRY(find_backend(options.backend))->instructions();
  result.processor = processor_name();
  return result;
}

}  // namespace dsq
