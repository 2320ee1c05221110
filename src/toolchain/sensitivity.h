// How much the network's outputs suffer when the input of one layer alone is quantized.
#pragma once

#include <string>
#include <vector>

#include "src/toolchain/attempt.h"

namespace dsq {

struct Sensitivity {
  std::string layer;
  Precision precision = Precision::int4;  // of its input
  double noise = 0;                       // as in noise.h
};

// Of every layer of an attempt whose input has integers, each on its own, all else in float; on some of
// the samples that teach. Errors: what running says.
Result<std::vector<Sensitivity>> sensitivities(Attempts& attempts, const Attempt& attempt);

}  // namespace dsq
