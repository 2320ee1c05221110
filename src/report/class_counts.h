// How a classifier does on samples with labels: how often the label is among its best, and class by class. Ties go to
// the first class. Precision, recall and F1 are 0 where they divide by nothing, and macro F1 is the mean over classes
// that are a label or a choice, as scikit-learn has it.
#pragma once

#include <cstdint>
#include <map>
#include <span>

namespace dsq {

struct ClassCount {
  int64_t labels = 0;   // samples of this class
  int64_t choices = 0;  // samples taken for it
  int64_t right = 0;    // both
  double precision() const;
  double recall() const;
  double f1() const;
};

class ClassCounts {
 public:
  void add(int64_t label, std::span<const float> scores);

  int64_t samples() const { return samples_; }
  int64_t classes() const { return classes_; }  // that the network knows
  double top1() const;                          // in [0, 1]; of at least one sample
  double top5() const;
  double macro_f1() const;
  const std::map<int64_t, ClassCount>& by_class() const { return by_class_; }  // labels and choices that occur

 private:
  int64_t samples_ = 0;
  int64_t classes_ = 0;
  int64_t first_ = 0;
  int64_t among_five_ = 0;
  std::map<int64_t, ClassCount> by_class_;
};

}  // namespace dsq
