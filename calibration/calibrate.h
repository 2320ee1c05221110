// Runs a graph on data and collects the statistics of chosen values. Never changes the graph.
#pragma once

#include <string>
#include <vector>

#include "src/data/dataset.h"
#include "src/ir/graph.h"
#include "src/quant/stats.h"
#include "src/support/progress.h"

namespace dsq {

struct Observation {
  std::string value;  // a name in the graph
  int32_t axis = -1;  // statistics for each index of this axis; -1: for the whole value
};

// The values that wait for calibrated ranges: those whose spec says so (planned graphs).
std::vector<Observation> wanted_observations(const Graph& graph);

struct CalibrateOptions {
  std::string backend = "onednn";
  int threads = 0;     // 0: all cores
  int64_t batch = 16;  // of recovery; ranges take one sample after another
};

// One run over the data, sample by sample (with a fixed batch, batch by batch), since what a kernel computes for a sample
// may depend on what runs beside it. Samples run side by side on a thread each, so the table is the same for any number of
// threads (contract C3), and merging those of parts of the data gives that of the whole.
// Errors: data_not_finite (naming value and sample), run_failed and what running says.
Result<CalibrationTable> calibrate(const Graph& graph, const std::vector<Observation>& wanted, const Dataset& data,
                                   const CalibrateOptions& options, Progress& progress);

}  // namespace dsq
