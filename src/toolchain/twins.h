// The float network and its quantized twin on the same inputs.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "src/data/dataset.h"
#include "src/ir/graph.h"
#include "src/report/output_kind.h"
#include "src/report/report.h"
#include "src/support/progress.h"
#include "src/toolchain/facts.h"
#include "src/toolchain/metric_command.h"

namespace dsq {

struct TwinOptions {
  std::string backend = "onednn";
  int threads = 0;
  int64_t batch = 16;
  std::vector<std::string> layers;        // values, present in both graphs, whose error is measured too
  std::vector<LayerInput> inputs;         // quantized alone, to tell a layer's own loss from what came before it
  std::optional<OutputKind> output_kind;  // what outputs are, as the user says
  std::optional<double> max_drop;         // that the first of the losses is held to
  std::vector<std::string> classes;       // names of labels, or none
  bool keep_outputs = false;              // all of them, for the metric command
};

struct TwinResult {
  std::vector<OutputReport> outputs;
  std::map<std::string, double> layer_sqnr_db;  // of options.layers, on the first samples
  std::vector<double> input_sqnr_db;            // of options.inputs, on the same samples
  std::vector<LossReport> losses;               // src/toolchain/scoring.h
  std::optional<AccuracyReport> accuracy;       // with labels
  KeptOutputs kept;                             // where they are to be kept
  std::optional<MemoryReport> memory;           // for one sample
};

// `labels`: one class for each sample, or empty. Accuracy is taken on the first output that looks like class scores.
// Errors: what running says; labels_mismatch.
Result<TwinResult> compare_twins(const Graph& reference, const Graph& quantized, const Dataset& data,
                                 const std::vector<int64_t>& labels, const TwinOptions& options, Progress& progress);

}  // namespace dsq
