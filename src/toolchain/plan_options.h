// What is asked for about plans of mixed precision: whether it can be had, and whether a plan is that of the network.
#pragma once

#include "src/support/diagnostics.h"
#include "src/toolchain/quantize.h"

namespace dsq {

// A search needs samples, and integers to choose among; with a plan at hand there is none. Errors: option_conflict.
Result<void> check_search(const QuantizeOptions& options);

// The plan that is used, if any, on the canonical graph; says that it is, and what has no say then.
// Errors: data_mismatch for a plan of another network.
Result<void> check_plan(const QuantizeOptions& options, const Graph& graph, Diagnostics& diagnostics);

}  // namespace dsq
