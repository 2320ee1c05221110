// Seeded inputs for any graph, and the comparison of two graphs by what they compute.
#pragma once

#include <string>
#include <vector>

#include "src/ir/graph.h"
#include "src/support/result.h"

namespace dsq::testing {

// One tensor for each input: floats uniform in [-1, 1), integers in [0, 4), booleans either. Unknown dimensions become 3.
Result<std::vector<Tensor>> seeded_inputs(const Graph& graph, uint64_t seed);

// The outputs on the portable runner.
Result<std::vector<Tensor>> outputs_of(const Graph& graph, const std::vector<Tensor>& inputs);

// The largest |a - b| over the outputs, divided by the largest |a| of its output (or 1 where that is 0). NaN equals NaN;
// other differences between finite and not are infinite. Empty text when it is at most `tolerance`.
std::string numeric_difference(const std::vector<Tensor>& a, const std::vector<Tensor>& b, double tolerance);

}  // namespace dsq::testing
