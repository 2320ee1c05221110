#include "src/report/class_counts.h"

#include <algorithm>
#include <cmath>

#include "src/report/rows.h"

namespace dsq {
namespace {

double share(int64_t part, int64_t all) { return all > 0 ? static_cast<double>(part) / static_cast<double>(all) : 0; }

}  // namespace

double ClassCount::precision() const { return share(right, choices); }
double ClassCount::recall() const { return share(right, labels); }
double ClassCount::f1() const { return share(2 * right, labels + choices); }

void ClassCounts::add(int64_t label, std::span<const float> scores) {
  constexpr int64_t kFive = 5;
  ++samples_;
  classes_ = std::ssize(scores);
  const int64_t choice = choice_of(scores);
  ++by_class_[label].labels;
  if (choice >= 0) {
    ++by_class_[choice].choices;
  }
  if (choice == label) {
    ++by_class_[label].right;
    ++first_;
  }
  const float own = scores[static_cast<size_t>(label)];
  int64_t before = 0;
  for (int64_t c = 0; c < classes_; ++c) {
    const float other = scores[static_cast<size_t>(c)];
    before += other > own || (other == own && c < label) ? 1 : 0;
  }
  among_five_ += !std::isnan(own) && before < kFive ? 1 : 0;
}

double ClassCounts::top1() const { return share(first_, samples_); }
double ClassCounts::top5() const { return share(among_five_, samples_); }

double ClassCounts::macro_f1() const {
  double sum = 0;
  for (const auto& [label, count] : by_class_) {
    sum += count.f1();
  }
  return by_class_.empty() ? 0 : sum / static_cast<double>(by_class_.size());
}

}  // namespace dsq
