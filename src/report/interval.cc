#include "src/report/interval.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "src/support/check.h"

namespace dsq {
namespace {

constexpr double kZ = 1.959963984540054;
constexpr double kMost = 1e12;  // samples: more are not worth a number

// Tango's statistic for a true difference of `d`; pairs may be fractions of one.
double tango(double pairs, double lost, double won, double d) {
  const double b = -lost - won + (2 * pairs - lost + won) * d;
  const double c = -won * d * (1 - d);
  const double q = std::max(0.0, (std::sqrt(std::max(0.0, b * b - 8 * pairs * c)) - b) / (4 * pairs));
  const double variance = pairs * (2 * q + d * (1 - d));
  const double distance = lost - won - pairs * d;
  return variance > 0    ? distance / std::sqrt(variance)
         : distance == 0 ? 0
                         : std::copysign(std::numeric_limits<double>::infinity(), distance);
}

// Where the statistic, which falls with the difference, takes the value `z`.
double tango_end(double pairs, double lost, double won, double z) {
  double low = -1;
  double high = 1;
  for (int step = 0; step < 60; ++step) {
    const double middle = (low + high) / 2;
    (tango(pairs, lost, won, middle) > z ? low : high) = middle;
  }
  return (low + high) / 2;
}

// The least number for which `proves` holds; it holds for all above.
template <class F>
std::optional<int64_t> least(const F& proves) {
  double high = 1;
  while (high < kMost && !proves(high)) {
    high *= 2;
  }
  if (high >= kMost) {
    return std::nullopt;
  }
  double low = high / 2;
  while (high - low > 1) {
    const double middle = std::floor((low + high) / 2);
    (proves(middle) ? high : low) = middle;
  }
  return static_cast<int64_t>(high);
}

struct Spread {
  double value = 0;
  double variance = 0;  // of the samples' residuals, relative to the mean weight
  double added = 0;     // the same of one sample that is added
};

std::optional<Spread> spread_of(std::span<const SampleLoss> samples, double bound) {
  double lost = 0;
  double weight = 0;
  for (const SampleLoss& each : samples) {
    lost += each.lost;
    weight += each.weight;
  }
  const auto n = static_cast<double>(samples.size());
  if (!std::isfinite(lost) || !std::isfinite(weight) || !(weight > 0)) {
    return std::nullopt;
  }
  Spread spread;
  spread.value = lost / weight;
  double largest = 0;
  for (const SampleLoss& each : samples) {
    const double residual = (each.lost - spread.value * each.weight) * n / weight;
    spread.variance += residual * residual / n;
    largest = std::max(largest, std::abs(each.lost) * n / weight);
  }
  spread.added = bound > 0 ? (largest > 0 ? largest : bound) : 0;
  return spread;
}

double half_width(const Spread& spread, double n) {
  const double added = spread.added > 0 ? kZ * kZ : 0;
  const double squares = n * spread.variance + added * spread.added * spread.added;
  const double total = n + added;
  const double divisor = spread.added > 0 ? total : std::max(total - 1, 1.0);
  return student_t(static_cast<int64_t>(std::min(n, 1e9)) - 1) * std::sqrt(squares / divisor / total);
}

}  // namespace

Interval paired_interval(int64_t pairs, int64_t lost, int64_t won) {
  DSQ_CHECK(pairs >= 1 && lost >= 0 && won >= 0 && lost + won <= pairs, "pairs that differ are some of the pairs");
  const auto n = static_cast<double>(pairs);
  const auto l = static_cast<double>(lost);
  const auto w = static_cast<double>(won);
  return {tango_end(n, l, w, kZ), tango_end(n, l, w, -kZ)};
}

std::optional<int64_t> pairs_to_prove(int64_t pairs, int64_t lost, int64_t won, double limit) {
  const double l = static_cast<double>(lost) / static_cast<double>(pairs);
  const double w = static_cast<double>(won) / static_cast<double>(pairs);
  if (!(l - w < limit)) {
    return std::nullopt;
  }
  return least([&](double n) { return tango_end(n, l * n, w * n, -kZ) <= limit; });
}

Ratio ratio_of(std::span<const SampleLoss> samples, double bound) {
  const std::optional<Spread> spread = spread_of(samples, bound);
  if (!spread) {
    const bool nothing = std::ranges::all_of(samples, [](const SampleLoss& s) { return s.lost == 0; });
    return {nothing ? 0 : std::numeric_limits<double>::infinity(), std::nullopt};
  }
  Ratio ratio{spread->value, std::nullopt};
  if (samples.size() >= 2) {
    const double half = half_width(*spread, static_cast<double>(samples.size()));
    ratio.interval = Interval{ratio.value - half, ratio.value + half};
  }
  return ratio;
}

std::optional<int64_t> samples_to_prove(std::span<const SampleLoss> samples, double bound, double limit) {
  const std::optional<Spread> spread = spread_of(samples, bound);
  if (!spread || samples.size() < 2 || !(spread->value < limit)) {
    return std::nullopt;
  }
  return least([&](double n) { return n >= 2 && spread->value + half_width(*spread, n) <= limit; });
}

double student_t(int64_t degrees) {
  DSQ_CHECK(degrees >= 1, "Student's t needs a degree of freedom");
  if (degrees <= 2) {
    return degrees == 1 ? 12.7062 : 4.30265;
  }
  // Abramowitz and Stegun, 26.7.5.
  const auto v = static_cast<double>(degrees);
  const double z3 = kZ * kZ * kZ;
  const double z5 = z3 * kZ * kZ;
  const double z7 = z5 * kZ * kZ;
  return kZ + (z3 + kZ) / (4 * v) + (5 * z5 + 16 * z3 + 3 * kZ) / (96 * v * v) +
         (3 * z7 + 19 * z5 + 17 * z3 - 15 * kZ) / (384 * v * v * v);
}

}  // namespace dsq
