// Sums over rows, in the portable kernels' element order and precision, eight rows at a time: each row's sum waits for
// its last addition, so several rows run side by side.
#pragma once

#include <cstdint>

namespace dsq::onednn {

// done(row, sum) for each of `rows` rows of `length` elements; term(row, element) is what is added up, as double.
template <class Term, class Done>
void sum_rows(int64_t rows, int64_t length, Term term, Done done) {
  constexpr int64_t kTogether = 8;
  int64_t row = 0;
  for (; row + kTogether <= rows; row += kTogether) {
    double sums[kTogether] = {};
    int64_t i = 0;
    for (; i + kTogether <= length; i += kTogether) {
      double terms[kTogether * kTogether];  // element by row: read along rows, added up across them
      for (int64_t r = 0; r < kTogether; ++r) {
        for (int64_t k = 0; k < kTogether; ++k) {
          terms[k * kTogether + r] = term(row + r, i + k);
        }
      }
      for (int64_t k = 0; k < kTogether; ++k) {
        for (int64_t r = 0; r < kTogether; ++r) {
          sums[r] += terms[k * kTogether + r];
        }
      }
    }
    for (; i < length; ++i) {
      for (int64_t r = 0; r < kTogether; ++r) {
        sums[r] += term(row + r, i);
      }
    }
    for (int64_t r = 0; r < kTogether; ++r) {
      done(row + r, sums[r]);
    }
  }
  for (; row < rows; ++row) {
    double sum = 0;
    for (int64_t i = 0; i < length; ++i) {
      sum += term(row, i);
    }
    done(row, sum);
  }
}

}  // namespace dsq::onednn
