// What a network loses by quantization, in points of 100, from its outputs on samples that nothing was fitted to: with
// an interval, and the loss of each sample. Batches are added one by one; outputs are not kept.
//
//   measure    of                 what a sample loses (lost / weight)
//   accuracy   scores + labels    right in float less right when quantized, of one
//   estimated  scores             p(float's choice) - p(quantized choice) under the float network's probabilities, where
//                                 they differ; the mean over its positions
//   text       a text (CTC)       edits between both texts, each worth the mean of that difference over the steps where
//                                 choices differ, of the characters of float's text
//   mask       masks              numbers that are a yes (above 0.5) in one of both, of those that are in one, counting
//                                 those in both twice: 1 - F1 against float's mask
//   cosine     embeddings         1 - the mean cosine of its rows
//   noise      the rest           energy of the error, of that of float's output: 10^(-SQNR / 10)
//
// points = 100 * sum of lost / sum of weights. What is NaN or infinite in one of both only is as wrong as can be; `noise`
// is infinite then.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "src/report/interval.h"
#include "src/report/output_kind.h"
#include "src/support/result.h"

namespace dsq {

enum class Measure : uint8_t { accuracy, estimated, text, mask, cosine, noise };
std::string_view name_of(Measure measure);  // "accuracy"
// The most points that are meant to be lost where the user names no limit: what stands for 0.3 points of accuracy.
double default_aim(Measure measure);

struct Loss {
  Measure measure = Measure::noise;
  int64_t samples = 0;
  double points = 0;                 // of 100; more is worse, below zero is better than float
  std::optional<Interval> interval;  // 95 %, in points
  std::optional<double> reference;   // accuracy: of float and quantized, in [0, 1]
  std::optional<double> quantized;   // mask: F1; cosine: the mean; noise: SQNR in dB
  std::optional<double> agreement;   // of choices (texts: of characters), in [0, 1]
  double aim() const { return default_aim(measure); }
};

// Of one output.
class LossMeter {
 public:
  // `labelled`: every batch comes with labels; the output is scores of one position then.
  LossMeter(const OutputReading& reading, bool labelled);

  // What both networks give for samples [size(), size() + samples), and their labels, or none. Both outputs have one
  // shape, and float types.
  // Errors: labels_mismatch for a label that is no class, or an output that has not one row for each sample.
  Result<void> add(int64_t samples, const Tensor& reference, const Tensor& quantized,
                   std::span<const int64_t> labels = {});

  int64_t size() const { return size_; }
  Measure measure() const;
  Loss loss() const;
  // In the order they came; one for a batch whose samples cannot be told apart.
  const std::vector<SampleLoss>& samples() const { return samples_; }
  // How many samples it would take to prove that no more than `points` are lost, at what is seen here; none where the
  // loss seen is not below.
  std::optional<int64_t> needed(double points) const;

 private:
  void add_label(int64_t label, std::span<const float> reference, std::span<const float> quantized);
  SampleLoss of_scores(const class Rows& a, const class Rows& b, int64_t sample);
  SampleLoss of_text(const class Rows& a, const class Rows& b, int64_t sample);
  double bound() const;  // as interval.h means it

  OutputReading reading_;
  bool labelled_ = false;
  int64_t size_ = 0;
  std::vector<SampleLoss> samples_;
  int64_t choices_ = 0;  // that were compared, and those that agree
  int64_t agreed_ = 0;
  int64_t right_ = 0;  // in float
  int64_t lost_ = 0;   // right in float alone
  int64_t won_ = 0;    // right when quantized alone
};

}  // namespace dsq
