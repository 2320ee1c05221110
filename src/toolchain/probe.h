// Made-up inputs, to see whether a quantized network still does what the float network does when there is no data.
// They are for comparing only: nothing is ever calibrated on them.
#pragma once

#include "src/data/dataset.h"

namespace dsq {

// A few samples with seeded values: floats are normal, integers lie in [0, 10), booleans are true. Open dimensions get
// a usual size. Errors: data_mismatch for inputs without a known rank.
inline constexpr int64_t kProbeSamples = 4;
Result<Dataset> probe_inputs(const Graph& graph, int64_t samples = kProbeSamples);

}  // namespace dsq
