// Where the range of a layer's input comes from when there are data: calibrated beforehand, or taken at run time for each
// sample or token. The second costs a look at the values in every run, and keeps neighbours from working on integers, so
// it has to lose much less: by the squared error of the input on some samples, each channel's times the energy of the
// weights that it meets.
#pragma once

#include "src/data/dataset.h"
#include "src/quant/recipe.h"
#include "src/support/result.h"

namespace dsq {

struct RangeChoices {
  RunTimeRanges at_run_time;
  RunTimeRanges judged;  // those that were compared
};

// Adds what layers of `assigned`, a graph with assigned params, ask for and was not judged before. `reference`: the float
// graph that it was planned from, with the same ids. Looks at some of the data. Errors: what running says.
Result<void> choose_ranges(const Graph& reference, const Graph& assigned, const Dataset& data,
                           const std::string& backend, RangeChoices& choices);

}  // namespace dsq
