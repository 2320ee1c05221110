// A layer as a matrix product. Each position of its output, in each sample, is a row: the inputs that its weights meet
// there. Within a group, column c * unit + t is tap t of input channel c; outputs are weights (columns x outputs) applied
// to rows.
#pragma once

#include <vector>

#include "src/ops/window.h"
#include "src/quant/quant_layer.h"

namespace dsq {

class Patches {
 public:
  // Of an input of this shape. Errors: what shape inference says of it.
  static Result<Patches> make(const Graph& graph, const QuantLayer& layer, const Shape& x);

  int64_t rows() const { return batch_ * positions_; }

  // Where rows find their inputs, the same for every channel.
  struct Places {
    std::vector<int64_t> samples;  // of each row: where its sample begins
    std::vector<int64_t> taps;     // of each row and tap: the place within a channel, kOutside beyond the borders
  };
  static constexpr int64_t kOutside = -1;
  // Of the rows first, first + stride, ...: `count` of them.
  Places places(int64_t first, int64_t stride, int64_t count) const;
  // Writes columns_of(layer) floats for each row from `begin` to `end` of `places`, rows `width` floats apart: the inputs
  // of `group`; zeros from beyond the borders.
  void fill(const Tensor& x, int64_t group, const Places& places, int64_t begin, int64_t end, float* out,
            int64_t width) const;

 private:
  QuantLayer layer_;
  bool transposed_ = false;
  Window window_;  // no axes for linear layers
  int64_t batch_ = 1;
  int64_t positions_ = 1;
  int64_t plane_ = 1;  // elements of an input channel

  int64_t place_of_tap(int64_t position, int64_t tap) const;
};

inline int64_t columns_of(const QuantLayer& layer) { return layer.in_channels / layer.groups * layer.unit; }
inline int64_t outputs_of(const QuantLayer& layer) { return layer.out_channels / layer.groups; }
// Where the weight between a column and an output of a group lies in the layer's weights.
int64_t weight_at(const QuantLayer& layer, int64_t group, int64_t column, int64_t output);

}  // namespace dsq
