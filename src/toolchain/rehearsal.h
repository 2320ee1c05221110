// What a way of quantizing would lose, from its float simulation on samples kept apart for that, before anything is stored.
//
// Where the output is one row of class scores for each sample, the loss is that of src/report/close_calls.h.
#pragma once

#include <vector>

#include "calibration/calibrate.h"
#include "src/data/dataset.h"
#include "src/ir/graph.h"
#include "src/report/loss.h"

namespace dsq {

struct Rehearsed {
  double noise = 0;  // as in noise.h
  Loss loss;         // of the output that loses most of what it may
};

class Rehearsal {
 public:
  // Runs the float network. `others`: the samples that teach. `told`: what the output is.
  // Errors: what running says.
  static Result<Rehearsal> begin(const Graph& reference, const Dataset& held_out, const Dataset& others,
                                 std::optional<OutputKind> told, const CalibrateOptions& options);
  // Of a float graph with the same inputs and outputs. Errors: what running says.
  Result<Rehearsed> judge(const Graph& simulated) const;
  const std::vector<OutputReading>& readings() const { return readings_; }

 private:
  using Batches = std::vector<std::vector<Tensor>>;  // the outputs of each batch
  Rehearsal(Dataset held_out, Dataset others, const CalibrateOptions& options)
      : held_out_(std::move(held_out)), other_samples_(std::move(others)), options_(options) {}
  Result<Loss> loss_of(size_t output, const Batches& found, const Batches& found_others) const;
  bool has_rows(size_t output) const;

  Dataset held_out_;
  Dataset other_samples_;
  CalibrateOptions options_;
  Batches outputs_;  // of the float network on held-out samples
  Batches others_;   // on the others; empty where no output needs them
  std::vector<OutputReading> readings_;
};

}  // namespace dsq
