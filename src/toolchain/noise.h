// How far a network's outputs are from float's: the energy of the error over that of the output, the mean over all
// outputs. Class probabilities count as the logits that they come from, less their mean: a softmax hides what happens to
// all samples but those that it hardly decides, and few of these say nothing sure of a layer.
#pragma once

#include <vector>

#include "src/report/metrics.h"
#include "src/report/output_kind.h"

namespace dsq {

class NoiseMeter {
 public:
  // One reading for each output.
  explicit NoiseMeter(const std::vector<OutputReading>& readings) : readings_(readings), meters_(readings.size()) {}
  // All outputs of one batch, of the same shapes.
  void add(int64_t samples, const std::vector<Tensor>& reference, const std::vector<Tensor>& quantized);
  double noise() const;

 private:
  const std::vector<OutputReading>& readings_;
  std::vector<ErrorMeter> meters_;
};

}  // namespace dsq
