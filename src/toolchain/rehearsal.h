// What a way of quantizing would lose, from its float simulation on samples kept apart for that, before anything is stored.
//
// Where the output is one row of class scores for each sample, a few samples say little: seldom does one of them change
// its class. So the float scores of every sample that there is meet the errors of several held-out samples: of those whose
// first choice leads by about as much, for errors grow with it.
#pragma once

#include <vector>

#include "calibration/calibrate.h"
#include "src/data/dataset.h"
#include "src/ir/graph.h"
#include "src/report/loss.h"

namespace dsq {

struct Rehearsed {
  double noise = 0;  // energy of the error over that of the output, the mean over all outputs
  Loss loss;         // of the output that loses most of what it may
};

class Rehearsal {
 public:
  // Runs the float network. `others` are samples that lend their scores to errors. `told`: what the output is.
  // Errors: what running says.
  static Result<Rehearsal> begin(const Graph& reference, const Dataset& held_out, const Dataset& others,
                                 std::optional<OutputKind> told, const CalibrateOptions& options);
  // Of a float graph with the same inputs and outputs. Errors: what running says.
  Result<Rehearsed> judge(const Graph& simulated) const;

 private:
  using Batches = std::vector<std::vector<Tensor>>;  // the outputs of each batch
  Rehearsal(Dataset held_out, const CalibrateOptions& options) : held_out_(std::move(held_out)), options_(options) {}
  Result<Loss> loss_of(size_t output, const Batches& found) const;
  Result<void> add_mixed(size_t output, const Batches& found, LossMeter& meter) const;

  Dataset held_out_;
  CalibrateOptions options_;
  Batches outputs_;  // of the float network on held-out samples
  Batches others_;   // on other samples; empty where no output needs them
  std::vector<OutputReading> readings_;
};

}  // namespace dsq
