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
  int threads = 0;  // 0: all cores
  int64_t batch = 16;
};

// Two runs over the data: extremes, then histograms. Each batch runs on one thread and batches run side by side, so the
// table is the same for any number of threads (contract C3).
// Errors: data_not_finite (naming the value), run_failed and what running says.
Result<CalibrationTable> calibrate(const Graph& graph, const std::vector<Observation>& wanted, const Dataset& data,
                                   const CalibrateOptions& options, Progress& progress);

}  // namespace dsq
