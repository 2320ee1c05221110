// Repairs what quantization did to a network, without training: layer by layer, in the order of the network, each layer
// seeing the inputs that the repaired layers before it give.
//
//   1. Weights and bias are refitted to these inputs (refit.h).
//   2. Weights are rounded by the covariance of these inputs (round_weights.h), within the limit of their error.
//   3. The bias takes back the mean error that rounding left.
//
// A step is kept where it lowers the error of the layer's output on samples that it has not seen: every fourth batch.
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
  double after = 0;
  std::string steps;  // what was kept: "weights and bias, ridge 0.1; rounded by covariance"; empty: nothing
  Tensor meant;       // the float weights that the stored ones stand for
};

struct RecoverOptions {
  CalibrateOptions run;
  double max_weight_error = 0.01;
};

// `graph` is at the calibrated stage; constants of its layers change, nothing else. `simulated` is the same graph, under the
// same ids, where markers are replaced by what they do to the numbers. Layers with integer weights of 8 bits are repaired.
// Errors: what running says.
Result<std::vector<Recovered>> recover(Graph& graph, Graph simulated, const Dataset& data,
                                       const RecoverOptions& options, Diagnostics& diagnostics, Progress& progress);

}  // namespace dsq
