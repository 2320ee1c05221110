#include "src/toolchain/run.h"

#include <algorithm>
#include <chrono>

#include "src/data/prefetch.h"
#include "src/support/strings.h"
#include "src/toolchain/memory.h"

namespace dsq {
namespace {

using Clock = std::chrono::steady_clock;

double since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// Joining goes along the first dimension, so every output must count samples there.
Result<void> check_joinable(const Graph& graph, const std::vector<Tensor>& outputs, int64_t count) {
  for (size_t o = 0; o < outputs.size(); ++o) {
    const Shape& shape = outputs[o].shape();
    if (shape.empty() || shape.front() % count != 0) {
      return fail(Code::run_failed,
                  "its shape {} does not count samples first, so the outputs of {} a step cannot be joined",
                  text_of(shape), plural(count, "sample"))
          .at("output '" + graph.value(graph.outputs()[o]).name + "'")
          .hint("leave --batch out: all samples then run at once");
    }
  }
  return {};
}

// The shapes of a step may differ (the last one is smaller), and with them what is fused; profiles are kept for the graph
// as a whole, by name and operator and, where these repeat, by order.
void add_profile(std::vector<NodeProfile>& total, const std::vector<NodeProfile>& part) {
  std::vector<bool> taken(total.size(), false);
  for (const NodeProfile& row : part) {
    size_t at = 0;
    while (at < taken.size() && (taken[at] || total[at].name != row.name || total[at].op != row.op)) {
      ++at;
    }
    if (at == taken.size()) {
      total.push_back(row);
    } else {
      taken[at] = true;
      total[at].seconds += row.seconds;
    }
  }
}

}  // namespace

Result<int64_t> batch_for(const Dataset& data, int64_t wanted) {
  if (wanted > 0 && data.fixed_batch() > 0 && wanted != data.fixed_batch()) {
    return fail(Code::data_mismatch, "the model's batch is fixed to {}, --batch asks for {}", data.fixed_batch(),
                wanted)
        .hint("leave --batch out, or export the model with a dynamic batch");
  }
  constexpr int64_t kFiles = 16;  // in memory at once
  return data.step(wanted > 0 ? wanted : data.streams() ? std::min(kFiles, data.size()) : data.size());
}

Result<void> check_step_memory(const Executable& executable, int64_t samples, int64_t max_memory) {
  return check_memory("a step of " + plural(samples, "sample"), executable.memory().peak + executable.constant_bytes(),
                      max_memory);
}

Result<Ran> run_dataset(const Graph& graph, const Dataset& data, const RunOptions& options, Progress& progress) {
  Ran ran;
  ran.samples = data.size();
  ran.batch = std::min(DSQ_TRY(batch_for(data, options.batch)), data.size());
  Runner runner(graph, {options.backend, options.threads, {}});
  const Clock::time_point start = Clock::now();
  std::vector<std::vector<Tensor>> batches;
  progress.begin("running", ran.samples);
  Prefetch ahead(data, ran.batch);
  for (int64_t first = 0; first < ran.samples; first += ran.batch) {
    const int64_t count = std::min(ran.batch, ran.samples - first);
    const std::vector<Tensor> inputs = DSQ_TRY(ahead.next());
    Executable* executable = DSQ_TRY(runner.executable_for(inputs));
    ran.arena_bytes = std::max(ran.arena_bytes, executable->memory().peak);
    DSQ_TRY(check_step_memory(*executable, count, options.max_memory));
    ran.compile_seconds = first == 0 ? since(start) : ran.compile_seconds;
    std::vector<NodeProfile> profile;
    const Clock::time_point step = Clock::now();
    batches.push_back(DSQ_TRY(executable->run(inputs, {}, options.profile ? &profile : nullptr)));
    ran.seconds += since(step);
    add_profile(ran.profile, profile);
    if (ran.batch < ran.samples) {
      DSQ_TRY(check_joinable(graph, batches.back(), count));
    }
    ++ran.steps;
    progress.step(first + count);
  }
  progress.end();
  std::vector<Tensor> joined = DSQ_TRY(join_batches(std::move(batches)));
  for (size_t o = 0; o < joined.size(); ++o) {
    ran.outputs.emplace_back(graph.value(graph.outputs()[o]).name, std::move(joined[o]));
  }
  return ran;
}

}  // namespace dsq
