// Looks for samples that cannot be used.
#pragma once

#include <vector>

#include "src/data/dataset.h"

namespace dsq {

struct BadSample {
  int64_t index = 0;
  Error error;
};

// Reads every sample once, on all threads, and keeps none. In the order of the samples: those that cannot be read, do
// not fit, or hold what is not finite.
std::vector<BadSample> bad_samples(const Dataset& data);

}  // namespace dsq
