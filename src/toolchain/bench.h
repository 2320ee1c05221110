// How fast a graph runs: latencies of single steps after a warm-up, by the steady clock.
#pragma once

#include <string>
#include <vector>

#include "src/data/dataset.h"
#include "src/runner/runner.h"
#include "src/support/progress.h"

namespace dsq {

struct BenchOptions {
  int64_t batch = 0;  // samples in a step, which go through the data and begin again at its end; 0: as few as can be
  int threads = 0;    // 0: all cores
  std::string backend = "onednn";
  double seconds = 3;      // of timed steps, at least one step
  int64_t max_memory = 0;  // as in RunOptions
  int64_t runs = 0;        // 0: as many as the seconds allow
};

struct Bench {
  int64_t batch = 0;
  std::vector<Shape> shapes;  // of the inputs of a step
  int threads = 0;
  int64_t warm_up = 0;          // steps before the first timed one
  double compile_seconds = 0;   // until the first step could start
  double first_seconds = 0;     // of the first step, which is cold
  std::vector<double> latency;  // seconds of every timed step, ascending
  int64_t arena_bytes = 0;      // working memory of a step
  int64_t constant_bytes = 0;
  int64_t process_bytes = 0;         // the largest that the whole process was, loading the model included
  int64_t profile_runs = 0;          // steps of their own after the timed ones: reading the clock costs time
  std::vector<NodeProfile> profile;  // summed over them
  std::string instructions;          // that the backend uses on this machine
  std::string processor;             // as the system names it; may be empty

  // The smallest latency that is not below this share of all, in (0, 1].
  double percentile(double share) const;
  double samples_per_second() const;
};

// Errors: data_mismatch (a batch that the model or the data cannot give); those of running.
Result<Bench> bench(const Graph& graph, const Dataset& data, const BenchOptions& options, Progress& progress);

}  // namespace dsq
