// Repairs what quantization did to a network, without training: layer by layer, in the order of the network, each layer
// seeing the inputs that the repaired layers before it give.
//
//   1. Weights and bias are refitted to these inputs (refit.h).
//   2. Weights are rounded by the covariance of these inputs (round_weights.h), within the limit of their error.
//   3. The bias takes back the mean error that rounding left.
//
// A layer is changed where that lowers the error of its output, as it is stored, on samples that were not fitted.
#pragma once

#include <string>
#include <vector>

#include "calibration/calibrate.h"
#include "src/quant/quant_layer.h"
#include "src/quant/recipe.h"
#include "src/support/diagnostics.h"

namespace dsq {

struct Recovered {
  NodeId node = NodeId::none;
  double before = 0;  // squared error of the output over its square, on held-out samples, with plainly rounded weights
  double after = 0;   // at most `before`
  std::string steps;  // what was done: "weights and bias, ridge 0.1; rounded by covariance"; empty: nothing helped
  Tensor meant;       // the float weights that the stored ones stand for
};

struct RecoverOptions {
  CalibrateOptions run;
  double max_weight_error = 0.01;
};

inline constexpr int64_t kMostColumnsToRecover = 4608;  // inputs to each output of a layer; beyond, sums get too large
inline constexpr int64_t kFewestToRecover = 12;         // samples to fit; fewer say too little of a layer's inputs

// `graph` is at the calibrated stage; constants of its layers change, nothing else. `simulated` is the same graph, under the
// same ids, where markers are replaced by what they do to the numbers. Layers with integer weights of 8 bits are repaired,
// those that are not are named in a note. Samples of `held_out` decide, those of `fitted` teach; all of them, and what the
// network makes of them at the layer in turn, lie in memory.
// Errors: what running says.
Result<std::vector<Recovered>> recover(Graph& graph, Graph simulated, const Dataset& fitted, const Dataset& held_out,
                                       const RecoverOptions& options, Diagnostics& diagnostics, Progress& progress);

}  // namespace dsq
