#include "src/toolchain/run.h"

#include <algorithm>
#include <chrono>

#include <unistd.h>

#include "src/data/prefetch.h"

namespace dsq {
namespace {

using Clock = std::chrono::steady_clock;

double since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

int64_t physical_memory() {
  return static_cast<int64_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<int64_t>(::sysconf(_SC_PAGE_SIZE));
}

// Joining goes along the first dimension, so every output must count samples there.
Result<void> check_joinable(const Graph& graph, const std::vector<Tensor>& outputs, int64_t count) {
  for (size_t o = 0; o < outputs.size(); ++o) {
    const Shape& shape = outputs[o].shape();
    if (shape.empty() || shape.front() % count != 0) {
      return fail(Code::run_failed,
                  "its shape {} does not count samples first, so the outputs of {} samples a step cannot be joined",
                  text_of(shape), count)
          .at("output '" + graph.value(graph.outputs()[o]).name + "'")
          .hint("leave --batch out: all samples then run at once");
    }
  }
  return {};
}

// The shapes of a step may differ (the last one is smaller); profiles are kept for the graph as a whole, by node name.
void add_profile(std::vector<NodeProfile>& total, const std::vector<NodeProfile>& part) {
  for (const NodeProfile& row : part) {
    const auto same = [&](const NodeProfile& have) { return have.name == row.name && have.op == row.op; };
    const auto found = std::ranges::find_if(total, same);
    if (found == total.end()) {
      total.push_back(row);
    } else {
      found->seconds += row.seconds;
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
  return data.step(wanted > 0 ? wanted : data.size());
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
    if (ran.arena_bytes > physical_memory()) {
      return fail(Code::out_of_memory, "a step of {} samples needs {} bytes of working memory", count, ran.arena_bytes)
          .hint("use a smaller --batch");
    }
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
