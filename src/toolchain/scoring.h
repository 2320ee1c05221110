// What two networks' outputs on the same samples come to: the losses and the accuracy of the report.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "src/data/dataset.h"
#include "src/report/class_counts.h"
#include "src/report/loss.h"
#include "src/report/report.h"

namespace dsq {

class Scoring {
 public:
  // `reference`: the float network, whose outputs come as `a` below. `labels`: one for each sample, or none.
  Scoring(const Graph& reference, const std::vector<int64_t>& labels, std::optional<OutputKind> told)
      : reference_(reference), labels_(labels), told_(told) {}

  // The outputs of both for the next `count` samples, of the same shapes. Accuracy is that of the first output that
  // holds class scores. Errors: labels_mismatch.
  Result<void> add(int64_t count, const std::vector<Tensor>& a, const std::vector<Tensor>& b);

  // Accuracy first, where there are labels; otherwise the output that loses most of what it may. That one is held to
  // `max_drop` where the user gave one, others to their aims. `data`: says where samples lie.
  std::vector<LossReport> losses(const Dataset& data, std::optional<double> max_drop) const;
  // With labels; `names` of the classes, or none.
  std::optional<AccuracyReport> accuracy(const std::vector<std::string>& names) const;

 private:
  Result<void> begin(int64_t count, const std::vector<Tensor>& a);
  struct Output {
    std::string name;
    OutputKind kind = OutputKind::other;
    LossMeter meter;
  };
  const Graph& reference_;
  const std::vector<int64_t>& labels_;
  std::optional<OutputKind> told_;
  int64_t size_ = 0;
  std::vector<Output> outputs_;
  std::optional<Output> labelled_;
  size_t scores_ = 0;  // the output that labels are for
  ClassCounts float_;
  ClassCounts quantized_;
};

}  // namespace dsq
