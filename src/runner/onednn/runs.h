// Elementwise loops with parameters that are shared by all elements or belong to one axis: cut into runs, in each of
// which the parameters are constant, or follow the elements one by one (when theirs is the last axis).
#pragma once

#include <algorithm>
#include <vector>

#include "src/ir/shape.h"
#include "src/support/parallel.h"

namespace dsq::onednn {

struct Runs {
  int64_t runs = 1;
  int64_t length = 1;
  int64_t channels = 1;
  bool follows = false;  // parameter i of a run belongs to element i
  int64_t count = 1;     // of all elements; the last run may be shorter
};

// axis -1: shared by all.
inline Runs runs_of(const Shape& shape, int64_t axis) {
  const int64_t count = count_of(shape);
  if (axis < 0) {
    return {1, count, 1, false, count};
  }
  const auto at = static_cast<size_t>(axis);
  const int64_t channels = shape[at];
  const int64_t inner = count_of(std::span(shape).subspan(at + 1));
  if (inner == 1) {
    constexpr int64_t kLong = 256;  // loops over few channels would not fill vectors
    const int64_t length = channels == 0 ? 1 : channels * std::max<int64_t>(1, kLong / channels);
    return {(count + length - 1) / length, length, channels, true, count};
  }
  return {inner == 0 ? 0 : count / inner, inner, channels, false, count};
}

// The parameters of one run, where they follow the elements: those of the channels, over and over.
template <class T>
std::vector<T> parameters_of(const Runs& runs, std::vector<T> channels) {
  const size_t given = channels.size();
  for (size_t i = given; runs.follows && given > 0 && i < static_cast<size_t>(runs.length); ++i) {
    channels.push_back(channels[i - given]);
  }
  return channels;
}

// body(first element, how many, first parameter, std::integral_constant step): step is 0 or 1.
template <class Body>
void for_each_run(const Runs& runs, Body body) {
  constexpr int64_t kPiece = 1 << 12;  // elements handed out at once; even, so that 4-bit pieces are whole bytes
  if (runs.follows) {
    parallel_for(runs.runs, std::max<int64_t>(1, 2 * kPiece / std::max<int64_t>(runs.length, 1)),
                 [&](int64_t begin, int64_t end) {
                   for (int64_t r = begin; r < end; ++r) {
                     body(r * runs.length, std::min(runs.length, runs.count - r * runs.length), int64_t{0},
                          std::integral_constant<int, 1>());
                   }
                 });
    return;
  }
  const int64_t pieces = (runs.length + kPiece - 1) / kPiece;
  parallel_for(runs.runs * pieces, std::max<int64_t>(1, 2 * kPiece / std::max<int64_t>(runs.length, 1)),
               [&](int64_t begin, int64_t end) {
                 for (int64_t p = begin; p < end; ++p) {
                   const int64_t run = p / pieces;
                   const int64_t first = p % pieces * kPiece;
                   body(run * runs.length + first, std::min(kPiece, runs.length - first), run % runs.channels,
                        std::integral_constant<int, 0>());
                 }
               });
}

}  // namespace dsq::onednn
