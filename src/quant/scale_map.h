// Which scale belongs to which element, for every granularity.
#pragma once

#include <algorithm>

#include "src/ir/quant.h"
#include "src/ir/shape.h"

namespace dsq {

class ScaleMap {
 public:
  ScaleMap(const Shape& shape, const Granularity& granularity) : group_(granularity.group) {
    if (granularity.axis < 0) {
      inner_ = std::max<int64_t>(count_of(shape), 1);
      return;
    }
    const auto axis = static_cast<size_t>(granularity.axis);
    channels_ = shape[axis];
    inner_ = count_of(std::span(shape).subspan(axis + 1));
    outer_ = count_of(std::span(shape).first(axis));
    groups_ = group_ > 0 ? std::max<int64_t>((outer_ * inner_ + group_ - 1) / group_, 1) : 1;
  }

  size_t scales() const { return static_cast<size_t>(channels_ * groups_); }
  int64_t channels() const { return channels_; }
  int64_t groups() const { return groups_; }  // per channel

  // The scale of element `i` in row-major order.
  size_t of(int64_t i) const {
    const int64_t channel = i / inner_ % channels_;
    const int64_t rest = group_ > 0 ? i / (inner_ * channels_) * inner_ + i % inner_ : 0;
    return static_cast<size_t>(channel * groups_ + (group_ > 0 ? rest / group_ : 0));
  }
  size_t channel_of(int64_t i) const { return static_cast<size_t>(i / inner_ % channels_); }

  // Calls each(first, last, scale) for every run of neighbours in `channel` that share a scale, in order.
  template <class F>
  void for_each_run(int64_t channel, const F& each) const {
    for (int64_t outer = 0; outer < outer_; ++outer) {
      const int64_t first = (outer * channels_ + channel) * inner_;
      for (int64_t at = 0; at < inner_;) {
        const int64_t rest = outer * inner_ + at;
        const int64_t end = group_ > 0 ? std::min(inner_, at + group_ - rest % group_) : inner_;
        each(first + at, first + end, static_cast<size_t>(channel * groups_ + (group_ > 0 ? rest / group_ : 0)));
        at = end;
      }
    }
  }

 private:
  int64_t group_ = 0;
  int64_t outer_ = 1;
  int64_t channels_ = 1;
  int64_t inner_ = 1;
  int64_t groups_ = 1;
};

}  // namespace dsq
