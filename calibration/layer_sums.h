// What least squares and rounding by covariance need to know of a layer: sums over the samples of products of its inputs
// with each other and with the outputs that it shall have. Their size does not depend on the number of samples.
#pragma once

#include <vector>

#include <Eigen/Core>

#include "calibration/patches.h"
#include "src/ir/tensor.h"
#include "src/support/result.h"

namespace dsq {

// Of one group. x: a row of the layer's input as it is after quantization, with a 1 behind it for the bias. y: the outputs
// that the float network has there, before any activation.
struct GroupSums {
  Eigen::MatrixXd xx;  // sum of x x^T
  Eigen::MatrixXd xy;  // sum of x y^T
  double yy = 0;       // sum of y^T y
};
using LayerSums = std::vector<GroupSums>;

// The weights of each group with the bias as their last row, columns + 1 x outputs.
using LayerWeights = std::vector<Eigen::MatrixXd>;
LayerWeights weights_of(const QuantLayer& layer, const Tensor& weights, const Tensor* bias);

// Adds a batch. `quantized` and `reference`: the layer's input in both networks, `weights`: its weights in the float one.
// At most about `rows` rows are taken, evenly. The same sums for any number of threads.
Result<void> add_batch(LayerSums& sums, const Graph& graph, const QuantLayer& layer, const LayerWeights& weights,
                       const Tensor& quantized, const Tensor& reference, int64_t rows);
LayerSums empty_sums(const QuantLayer& layer);
void add(LayerSums& sums, const LayerSums& more);

// The sum of squared differences between what these weights give and y, over all groups.
double squared_error(const LayerSums& sums, const LayerWeights& weights);
double total_square(const LayerSums& sums);

}  // namespace dsq
