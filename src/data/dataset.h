// Named arrays cut into samples for a model's inputs.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "src/ir/graph.h"
#include "src/support/diagnostics.h"
#include "src/support/result.h"

namespace dsq {

// Arrays whose first dimension counts samples are cut; arrays that fit an input as they are (a sample rate, a state)
// are given to every sample. Where such an array holds an entry for each sample along an open axis of its own, all
// samples make one batch.
class Dataset {
 public:
  // Errors: data_mismatch (a missing or unknown name, a shape or type that does not fit: each says what was expected),
  // data_not_finite. An array without a name serves a model with one input. Float and integer types are converted
  // within their kind, with a note.
  static Result<Dataset> make(const Graph& graph, std::vector<std::pair<std::string, Tensor>> arrays,
                              Diagnostics& diagnostics);

  int64_t size() const { return size_; }  // samples
  Dataset first(int64_t count) const;     // the same with at most so many samples, at least one batch of a fixed size
  // The inputs, in the graph's order, of samples [first, first + count). `count` samples make one batch; a model with a
  // fixed batch takes exactly that many.
  std::vector<Tensor> batch(int64_t first, int64_t count) const;
  // The fixed batch of the model, or 0 when it takes any.
  int64_t fixed_batch() const { return fixed_batch_; }
  // How many samples a step should take when `wanted` are asked for.
  int64_t step(int64_t wanted) const {
    return together_ ? size_ : fixed_batch_ > 0 ? fixed_batch_ : std::max<int64_t>(wanted, 1);
  }

 private:
  struct Input {
    Tensor array;
    bool shared = false;
    int64_t rows = 1;  // first-dimension entries of one sample
  };
  std::vector<Input> inputs_;
  int64_t size_ = 0;
  int64_t fixed_batch_ = 0;
  bool together_ = false;
};

// Joins the outputs of several batches along their first dimension.
Result<std::vector<Tensor>> join_batches(std::vector<std::vector<Tensor>> batches);

}  // namespace dsq
