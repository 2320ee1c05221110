#include "src/report/metrics.h"

#include <algorithm>
#include <cmath>

#include "src/support/check.h"

namespace dsq {

void ErrorMeter::add(std::span<const float> reference, std::span<const float> test) {
  DSQ_CHECK(reference.size() == test.size(), "metrics compare as many elements as there are in the reference");
  for (size_t i = 0; i < reference.size(); ++i) {
    const double r = reference[i];
    const double t = test[i];
    ++count_;
    if (!std::isfinite(r) || !std::isfinite(t)) {
      broken_ += r == t || (std::isnan(r) && std::isnan(t)) ? 0 : 1;
      continue;
    }
    const double e = t - r;
    reference_square_ += r * r;
    test_square_ += t * t;
    product_ += r * t;
    error_square_ += e * e;
    max_abs_ = std::max(max_abs_, std::abs(e));
  }
}

void ErrorMeter::add(const Tensor& reference, const Tensor& test) {
  if (reference.dtype() == DType::f32 && test.dtype() == DType::f32) {
    add(reference.values<float>(), test.values<float>());
  } else {
    add(to_floats(reference), to_floats(test));
  }
}

double ErrorMeter::sqnr_db() const {
  if (broken_ > 0) {
    return -kSqnrCapDb;
  }
  if (error_square_ == 0) {
    return kSqnrCapDb;
  }
  if (reference_square_ == 0) {
    return -kSqnrCapDb;
  }
  return std::clamp(10.0 * std::log10(reference_square_ / error_square_), -kSqnrCapDb, kSqnrCapDb);
}

double ErrorMeter::relative_l2() const {
  if (broken_ > 0) {
    return std::numeric_limits<double>::infinity();
  }
  if (error_square_ == 0) {
    return 0;
  }
  return std::sqrt(error_square_ / reference_square_);  // inf where the reference is zero
}

double ErrorMeter::max_abs_error() const { return broken_ > 0 ? std::numeric_limits<double>::infinity() : max_abs_; }

double ErrorMeter::cosine() const {
  if (broken_ > 0) {
    return 0;
  }
  if (error_square_ == 0) {
    return 1;
  }
  if (reference_square_ == 0 || test_square_ == 0) {
    return 0;
  }
  return std::clamp(product_ / (std::sqrt(reference_square_) * std::sqrt(test_square_)), -1.0, 1.0);
}

namespace {

ErrorMeter measured(const Tensor& reference, const Tensor& test) {
  ErrorMeter meter;
  meter.add(reference, test);
  return meter;
}

}  // namespace

double sqnr_db(const Tensor& reference, const Tensor& test) { return measured(reference, test).sqnr_db(); }
double relative_l2(const Tensor& reference, const Tensor& test) { return measured(reference, test).relative_l2(); }
double max_abs_error(const Tensor& reference, const Tensor& test) { return measured(reference, test).max_abs_error(); }
double cosine(const Tensor& reference, const Tensor& test) { return measured(reference, test).cosine(); }

bool is_scores(const Shape& shape) { return shape.size() == 2 && shape[1] >= 2; }

std::vector<int64_t> top1(const Tensor& scores) {
  DSQ_CHECK(scores.rank() == 2, "class scores are [N, classes]");
  const int64_t classes = scores.shape()[1];
  const std::vector<float> values = to_floats(scores);
  std::vector<int64_t> winners(static_cast<size_t>(scores.shape()[0]), -1);
  for (size_t row = 0; row < winners.size(); ++row) {
    const float* first = values.data() + static_cast<int64_t>(row) * classes;
    for (int64_t c = 0; c < classes; ++c) {
      const int64_t best = winners[row];
      if (!std::isnan(first[c]) && (best < 0 || first[c] > first[best])) {
        winners[row] = c;
      }
    }
  }
  return winners;
}

void Top1Meter::add(std::span<const int64_t> expected, std::span<const int64_t> found) {
  DSQ_CHECK(expected.size() == found.size(), "as many classes found as expected");
  for (size_t i = 0; i < expected.size(); ++i) {
    ++total_;
    agreed_ += found[i] >= 0 && found[i] == expected[i] ? 1 : 0;
  }
}

void Top1Meter::add(const Tensor& expected_scores, const Tensor& found_scores) {
  add(top1(expected_scores), top1(found_scores));
}

std::optional<double> Top1Meter::share() const {
  if (total_ == 0) {
    return std::nullopt;
  }
  return static_cast<double>(agreed_) / static_cast<double>(total_);
}

double top1_agreement(const Tensor& reference, const Tensor& test) {
  Top1Meter meter;
  meter.add(reference, test);
  DSQ_CHECK(meter.total() > 0, "agreement needs a row");
  return *meter.share();
}

void PairSample::add(const Tensor& reference, const Tensor& test) {
  DSQ_CHECK(reference.count() == test.count(), "pairs need as many elements in both");
  const std::vector<float> r = to_floats(reference);
  const std::vector<float> t = to_floats(test);
  for (size_t i = 0; i < r.size(); ++i, ++seen_) {
    if (seen_ % stride_ != 0) {
      continue;
    }
    if (pairs_.size() == limit_) {  // every second one stays
      for (size_t k = 0; 2 * k < pairs_.size(); ++k) {
        pairs_[k] = pairs_[2 * k];
      }
      pairs_.resize((pairs_.size() + 1) / 2);
      stride_ *= 2;
      if (seen_ % stride_ != 0) {
        continue;
      }
    }
    pairs_.emplace_back(r[i], t[i]);
  }
}

}  // namespace dsq
