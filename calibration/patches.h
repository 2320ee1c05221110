// A layer as a matrix product. Each position of its output, in each sample, is a row: the inputs that its weights meet
// there. Within a group, column c * unit + t is tap t of input channel c; outputs are weights (columns x outputs) applied
// to rows.
#pragma once

#include "src/ops/window.h"
#include "src/quant/quant_layer.h"

namespace dsq {

class Patches {
 public:
  // Of an input of this shape. Errors: what shape inference says of it.
  static Result<Patches> make(const Graph& graph, const QuantLayer& layer, const Shape& x);

  int64_t rows() const { return batch_ * positions_; }
  // Writes columns_of(layer) floats: the inputs of `group` in row `row`; zeros from beyond the borders.
  void fill(const Tensor& x, int64_t group, int64_t row, float* out) const;

 private:
  QuantLayer layer_;
  bool transposed_ = false;
  Window window_;  // no axes for linear layers
  int64_t batch_ = 1;
  int64_t positions_ = 1;
  int64_t plane_ = 1;  // elements of an input channel
};

inline int64_t columns_of(const QuantLayer& layer) { return layer.in_channels / layer.groups * layer.unit; }
inline int64_t outputs_of(const QuantLayer& layer) { return layer.out_channels / layer.groups; }
// Where the weight between a column and an output of a group lies in the layer's weights.
int64_t weight_at(const QuantLayer& layer, int64_t group, int64_t column, int64_t output);

}  // namespace dsq
