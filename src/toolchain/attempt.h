// Ways of quantizing one network, tried one after the other: from the canonical float graph to calibrated ranges and
// repaired layers, each for a recipe of its own.
#pragma once

#include <optional>
#include <vector>

#include "calibration/recover.h"
#include "passes/pipeline.h"
#include "src/toolchain/inputs.h"
#include "src/toolchain/pass_log.h"
#include "src/toolchain/quantize.h"
#include "src/toolchain/range_choice.h"
#include "src/toolchain/rehearsal.h"

namespace dsq {

struct Attempt {
  Recipe recipe;
  Graph graph;                       // at the calibrated stage
  bool looked = false;               // some range comes from data
  std::vector<Recovered> recovered;  // graph's layers, where they were repaired
  std::optional<Rehearsed> seen;     // what it loses, once it was judged
  PassLog passes;
  Diagnostics diagnostics;
};

class Attempts {
 public:
  // All of it outlives the attempts. `reference`: the canonical float graph.
  Attempts(const Graph& reference, const Inputs& inputs, const QuantizeOptions& options,
           const PipelineOptions& pipeline, Progress& progress)
      : reference_(reference), inputs_(inputs), options_(options), pipeline_(pipeline), progress_(progress) {}

  // Plans, and assigns ranges; a dry run looks at a few samples. What one attempt has seen of the data no other looks at
  // again. Errors: those of passes and of running.
  Result<Attempt> make(const Recipe& recipe);
  // Repairs its layers as its recipe says, and keeps that where the network's outputs on held-out samples come nearer to
  // float.
  Result<void> repair(Attempt& attempt);

  // What an attempt loses, with weights as they would be stored. Errors: those of passes and of running.
  Result<Rehearsed> judge(Attempt& attempt);

  // Sets samples aside, so that the rest can teach: false where there are too few. Errors: those of reading and running.
  Result<bool> set_apart(Diagnostics& diagnostics);
  const CalibrationTable& seen() const { return stats_; }  // by all attempts
  const Dataset& fitted() const { return *fitted_; }
  const std::vector<OutputReading>& readings() const { return rehearsal_->readings(); }
  const Graph& reference() const { return reference_; }
  const QuantizeOptions& options() const { return options_; }
  Progress& progress() { return progress_; }
  CalibrateOptions how_to_run() const { return {options_.backend, options_.threads, options_.batch}; }

 private:
  Result<Attempt> assigned(const Recipe& recipe);
  Result<void> look(const Graph& planned, const std::vector<Observation>& wanted);
  Result<Dataset> few(const Dataset& data) const;

  const Graph& reference_;
  const Inputs& inputs_;
  const QuantizeOptions& options_;
  const PipelineOptions& pipeline_;
  Progress& progress_;
  CalibrationTable stats_;
  RangeChoices ranges_;
  std::optional<Dataset> fitted_;
  std::optional<Dataset> held_out_;
  std::optional<Rehearsal> rehearsal_;
};

// Whether precisions are mixed, where there are samples to say how.
bool searches(const QuantizeOptions& options);
// Whether layers are repaired, or precisions mixed, by what samples say.
bool learns(const QuantizeOptions& options);
// The bytes that repairs take at a layer, at most: samples, of which the float network holds `each` bytes at its peak for
// one, as both networks have them; and sums of products. `limit`: --max-memory, or 0.
int64_t bytes_to_repair(const Graph& reference, int64_t samples, int64_t each, int64_t limit);

// A marker's statistics: what a range needs is there already.
bool covers(const CalibrationTable& stats, const Observation& wanted);

}  // namespace dsq
