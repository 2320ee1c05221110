// What a calibrated graph loses, shown in floats.
#pragma once

#include "src/ir/graph.h"

namespace dsq {

// The same graph under the same ids where each marker of integers is replaced by quantize and dequantize, and other markers
// by nothing; stored weights of layers by the reals that they stand for. It runs as a float
// graph.
Graph simulated(Graph graph);

}  // namespace dsq
