// An output's numbers as rows: for each sample its positions (of a sequence, pixels of a map), for each of them a row of
// classes or features.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "src/ir/tensor.h"

namespace dsq {

class Rows {
 public:
  // `tensor` holds the output of `samples` samples along the first axis, or else the first one of that length; where there
  // is none they count as one. `axis`: of the rows; none: every number is a row of its own.
  Rows(const Tensor& tensor, int64_t samples, std::optional<int64_t> axis);

  int64_t samples() const { return samples_; }
  int64_t positions() const { return positions_; }  // of a sample
  int64_t length() const { return length_; }        // of a row
  std::span<const float> row(int64_t sample, int64_t position) const {
    return values().subspan(static_cast<size_t>((sample * positions_ + position) * length_),
                            static_cast<size_t>(length_));
  }
  std::span<const float> sample(int64_t index) const {
    const int64_t size = positions_ * length_;
    return values().subspan(static_cast<size_t>(index * size), static_cast<size_t>(size));
  }

 private:
  std::span<const float> values() const { return own_.empty() ? kept_.values<float>() : std::span<const float>(own_); }
  int64_t samples_ = 1;
  int64_t positions_ = 1;
  int64_t length_ = 1;
  Tensor kept_;             // as it came, where it is in this order
  std::vector<float> own_;  // in this order
};

// The first index of the greatest value; NaN never wins, and -1 stands for a row of NaN alone.
int64_t choice_of(std::span<const float> row);

}  // namespace dsq
