// 95 % intervals of what is lost between two networks on the same samples, and how many samples prove a limit. A limit
// is proved where the upper end of the two-sided interval lies within it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace dsq {

struct Interval {
  double low = 0;
  double high = 0;
};

// The share of pairs that were right and are wrong now (`lost` of `pairs`) less the share that went the other way
// (`won`), in [-1, 1]. The score interval of Tango (Statistics in Medicine 17, 1998, 891-908): with no pair that
// differs it is +-z^2 / (pairs + z^2), not zero. pairs >= 1.
Interval paired_interval(int64_t pairs, int64_t lost, int64_t won);
// The least number of pairs that prove `limit` (a share) where as many of them, relatively, are lost and won as here;
// none where the difference seen is not below the limit.
std::optional<int64_t> pairs_to_prove(int64_t pairs, int64_t lost, int64_t won, double limit);

// What one sample loses: `lost` of `weight`.
struct SampleLoss {
  int64_t sample = 0;  // its number
  double lost = 0;
  double weight = 1;  // >= 0; 0: it counts nothing, or what it loses counts against the others' weights
};

// sum of lost / sum of weights, with Student's t interval of a ratio (its linearization; of a mean where all weights are
// one). `bound` > 0 for losses that are zero on most samples, so that nothing seen is not taken for certainty: as Agresti
// and Coull do for proportions (The American Statistician 52, 1998, 119-126), z^2 / 2 samples are added on each side, of
// the largest loss seen, or of `bound` where there is none. No interval for fewer than two samples, or where something
// is not finite.
struct Ratio {
  double value = 0;  // 0 where nothing was lost of nothing
  std::optional<Interval> interval;
};
Ratio ratio_of(std::span<const SampleLoss> samples, double bound);
std::optional<int64_t> samples_to_prove(std::span<const SampleLoss> samples, double bound, double limit);

// The 97.5 % quantile of Student's t, within 1 %; degrees >= 1.
double student_t(int64_t degrees);

}  // namespace dsq
