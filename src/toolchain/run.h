// Runs a data set through a graph in batches.
#pragma once

#include <string>
#include <vector>

#include "src/data/dataset.h"
#include "src/runner/runner.h"
#include "src/support/progress.h"

namespace dsq {

struct RunOptions {
  int64_t batch = 0;  // samples in a step; 0: all at once, of files a few
  int threads = 0;    // 0: all cores
  std::string backend = "onednn";
  bool profile = false;
  int64_t max_memory = 0;  // bytes that a step and the constants may take; 0: what the machine has
};

struct Ran {
  std::vector<std::pair<std::string, Tensor>> outputs;  // in the graph's order
  int64_t samples = 0;
  int64_t batch = 0;
  int64_t steps = 0;
  double compile_seconds = 0;        // until the first step could start
  double seconds = 0;                // of the steps
  int64_t arena_bytes = 0;           // working memory of one step
  std::vector<NodeProfile> profile;  // summed over steps
};

// How many samples a step takes when `wanted` are asked for (0: all, of files a few). Errors: data_mismatch when the model's batch is
// fixed to another number.
Result<int64_t> batch_for(const Dataset& data, int64_t wanted);

// Whether a step of so many samples fits. Errors: out_of_memory.
Result<void> check_step_memory(const Executable& executable, int64_t samples, int64_t max_memory);

// Errors: data_mismatch (the model's batch is fixed to another number), run_failed, op_not_runnable, out_of_memory.
// Outputs whose first dimension does not count samples cannot be joined: run_failed, when there are several steps.
Result<Ran> run_dataset(const Graph& graph, const Dataset& data, const RunOptions& options, Progress& progress);

}  // namespace dsq
