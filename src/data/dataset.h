// Samples for a model's inputs: arrays that are cut, or files that are read when their turn comes.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "src/data/column.h"
#include "src/ir/graph.h"
#include "src/support/diagnostics.h"
#include "src/support/result.h"

namespace dsq {

using NamedColumns = std::vector<std::pair<std::string, std::shared_ptr<const Column>>>;

// Arrays whose first dimension counts samples are cut; arrays that fit an input as they are (a sample rate, a state)
// are given to every sample. Where such an array holds an entry for each sample along an open axis of its own, or counts
// something else along an open first axis, all samples make one batch. Copies share what they are made of.
class Dataset {
 public:
  // Errors: data_mismatch (a missing or unknown name, a shape or type that does not fit: each says what was expected).
  // An array without a name serves a model with one input. Float and integer types are converted within their kind,
  // with a note.
  static Result<Dataset> make(const Graph& graph, std::vector<std::pair<std::string, Tensor>> arrays,
                              Diagnostics& diagnostics);
  // Each row is a sample; a column without a name serves a model with one input. `whole`: rows have the shapes of the
  // model's inputs, batches and states included, so each is a batch of its own. What a row holds is known when it is
  // read. Errors: data_mismatch (a missing or unknown name, no rows).
  static Result<Dataset> make(const Graph& graph, NamedColumns columns, bool whole);

  int64_t size() const { return static_cast<int64_t>(rows_->size()); }  // samples
  Dataset first(int64_t count) const;  // the same with at most so many samples, at least one batch of a fixed size
  Dataset select(std::vector<int64_t> samples) const;  // these of them, in this order
  // The inputs, in the graph's order, of samples [first, first + count). `count` samples make one batch; a model with a
  // fixed batch takes exactly that many. By any number of threads at a time.
  // Errors: data_not_finite, and for files file_unreadable, data_unreadable, data_mismatch; each names the sample.
  Result<std::vector<Tensor>> batch(int64_t first, int64_t count) const;
  // The inputs of one sample as they are, NaN and all.
  Result<std::vector<Tensor>> sample(int64_t index) const;
  Result<Digest> digest(int64_t index) const;  // of what lies there for the sample
  std::string place(int64_t index) const;      // "sample 4", or the file that it lies in
  // Whether samples are read from files, so that holding them all costs memory that reading them in turn does not.
  bool streams() const { return streams_; }
  bool divisible() const { return !together_; }  // whether batches of less than all samples can be had

  // The fixed batch of the model, or 0 when it takes any.
  int64_t fixed_batch() const { return fixed_batch_; }
  // How many samples a step should take when `wanted` are asked for.
  int64_t step(int64_t wanted) const {
    return together_ ? size() : fixed_batch_ > 0 ? fixed_batch_ : whole_ ? 1 : std::max<int64_t>(wanted, 1);
  }

  // One class for each sample, or none.
  const std::vector<int64_t>& labels() const { return *labels_; }
  // Errors: labels_mismatch when their number is not that of the samples.
  Result<void> set_labels(std::vector<int64_t> labels);
  void drop_labels() { labels_ = std::make_shared<std::vector<int64_t>>(); }

 private:
  struct Input {
    std::string name;
    TensorType wanted;
    Tensor array;                          // that samples are cut from; without a column the same for every sample
    std::shared_ptr<const Column> column;  // of the samples
  };
  Result<Tensor> read(const Input& input, int64_t row) const;
  Result<std::vector<Tensor>> cut(int64_t first, int64_t count) const;
  Result<std::vector<Tensor>> decoded(int64_t first, int64_t count) const;
  // The file that a row of a column lies in, or the array.
  static std::string where_of(const Input& input, int64_t row);
  static Error holds(const Input& input, int64_t row, float value);
  void keep_all_rows(int64_t count);

  std::vector<Input> inputs_;
  std::shared_ptr<const std::vector<int64_t>> rows_;  // of the columns, one for each sample
  std::shared_ptr<const std::vector<int64_t>> labels_ = std::make_shared<std::vector<int64_t>>();
  int64_t fixed_batch_ = 0;
  bool together_ = false;
  bool whole_ = false;
  bool streams_ = false;
};

// The first element that is not finite, and what it is.
std::optional<std::pair<int64_t, float>> not_finite(const Tensor& tensor);

// Joins the outputs of several batches along their first dimension.
Result<std::vector<Tensor>> join_batches(std::vector<std::vector<Tensor>> batches);

}  // namespace dsq
