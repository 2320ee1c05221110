// How far a tensor is from its reference, added up over as many batches as there are. Sums are double, taken in index
// order, so the figures do not depend on how samples were batched together nor on the number of threads.
//
// With e = test - reference, sums over every element that was added:
//   SQNR [dB]     10 log10(sum reference^2 / sum e^2), within [-kSqnrCapDb, kSqnrCapDb]
//   relative L2   sqrt(sum e^2 / sum reference^2)
//   cosine        sum reference*test / sqrt(sum reference^2 * sum test^2), in [-1, 1]
//
// At the edges:
//   no error at all (or no element)   SQNR = kSqnrCapDb, relative L2 = 0, cosine = 1
//   reference all zero, test not      SQNR = -kSqnrCapDb, relative L2 = inf, cosine = 0
//   test all zero, reference not      SQNR = 0, relative L2 = 1, cosine = 0
//   both NaN, or the same infinity    equal: counted as an element without error, left out of the sums
//   one of the two not finite, or different infinities: the results cannot be compared, so that SQNR = -kSqnrCapDb,
//                                     relative L2 = max abs error = inf, cosine = 0; broken() counts such elements
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "src/ir/tensor.h"

namespace dsq {

inline constexpr double kSqnrCapDb = 200.0;

class ErrorMeter {
 public:
  // As many elements in both.
  void add(std::span<const float> reference, std::span<const float> test);
  // Same element count, any numeric types.
  void add(const Tensor& reference, const Tensor& test);

  int64_t count() const { return count_; }
  int64_t broken() const { return broken_; }
  double sqnr_db() const;
  double relative_l2() const;
  double max_abs_error() const;
  double cosine() const;

 private:
  int64_t count_ = 0;
  int64_t broken_ = 0;
  double reference_square_ = 0;
  double test_square_ = 0;
  double product_ = 0;
  double error_square_ = 0;
  double max_abs_ = 0;
};

// The same of one pair of tensors.
double sqnr_db(const Tensor& reference, const Tensor& test);
double relative_l2(const Tensor& reference, const Tensor& test);
double max_abs_error(const Tensor& reference, const Tensor& test);
double cosine(const Tensor& reference, const Tensor& test);

// Whether an output of this shape is read as class scores: [N, classes] with at least two classes.
bool is_scores(const Shape& shape);

// The class of each row of [N, classes]: the first index of the greatest value. NaN never wins; a row of NaN alone
// gives -1, which equals no label and no other row.
std::vector<int64_t> top1(const Tensor& scores);

// How often two classifiers, or a classifier and the labels, name the same class.
class Top1Meter {
 public:
  // As many entries in both.
  void add(std::span<const int64_t> expected, std::span<const int64_t> found);
  void add(const Tensor& expected_scores, const Tensor& found_scores);

  int64_t total() const { return total_; }
  int64_t agreed() const { return agreed_; }
  std::optional<double> share() const;  // in [0, 1]; empty before the first row

 private:
  int64_t total_ = 0;
  int64_t agreed_ = 0;
};

double top1_agreement(const Tensor& reference, const Tensor& test);  // both [N, classes], N >= 1

// Evenly spaced (reference, test) pairs of a stream of unknown length, for plots: every 2^k-th element, where k grows
// so that at most `limit` are kept. The same elements for any cut into batches.
class PairSample {
 public:
  explicit PairSample(size_t limit = 512) : limit_(limit) {}
  void add(const Tensor& reference, const Tensor& test);
  const std::vector<std::pair<float, float>>& pairs() const { return pairs_; }

 private:
  size_t limit_;
  int64_t stride_ = 1;
  int64_t seen_ = 0;
  std::vector<std::pair<float, float>> pairs_;
};

}  // namespace dsq
