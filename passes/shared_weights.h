// Layers that share one tensor of weights: a head over several feature maps, blocks that repeat.
#pragma once

#include <map>

#include "src/ir/graph.h"
#include "src/quant/stats.h"

namespace dsq {

// Statistics in place of the values' own, for the inputs of such layers that shall have a scale for each channel: what
// was seen of all of them. With scales of its own each layer would absorb other ones, and the file would hold the
// weights once for each.
std::map<ValueId, ValueStats> stats_of_shared_weights(const Graph& graph, const CalibrationTable& stats);

}  // namespace dsq
