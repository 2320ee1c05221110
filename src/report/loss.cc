#include "src/report/loss.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "src/report/metrics.h"
#include "src/report/rows.h"
#include "src/support/strings.h"

namespace dsq {
namespace {

struct MeasureRow {
  Measure measure;
  std::string_view name;
  double aim;
};
constexpr auto kMeasures = std::to_array<MeasureRow>({{Measure::accuracy, "accuracy", 0.3},
                                                      {Measure::estimated, "estimated", 0.7},
                                                      {Measure::text, "text", 2.5},
                                                      {Measure::mask, "mask", 3},
                                                      {Measure::cosine, "cosine", 1},
                                                      {Measure::noise, "noise", 1}});
const MeasureRow& row_of(Measure measure) { return *std::ranges::find(kMeasures, measure, &MeasureRow::measure); }

// Probability of the choice less that of another class, in the row that the choice was made in; -1: of none.
double gap(std::span<const float> row, int64_t choice, int64_t other, bool probabilities) {
  if (choice < 0) {
    return 1;
  }
  const double top = row[static_cast<size_t>(choice)];
  const double below = other < 0 ? -std::numeric_limits<double>::infinity() : row[static_cast<size_t>(other)];
  if (probabilities) {
    return std::isfinite(below) ? top - below : top;
  }
  if (std::isinf(top)) {
    return below == top ? 0 : 1;
  }
  double sum = 0;
  for (const float x : row) {
    sum += std::isnan(x) ? 0 : std::exp(static_cast<double>(x) - top);
  }
  return (1 - (std::isnan(below) ? 0 : std::exp(below - top))) / sum;
}

std::vector<int64_t> text_of(const std::vector<int64_t>& choices, int64_t blank) {
  std::vector<int64_t> text;
  for (size_t t = 0; t < choices.size(); ++t) {
    if (choices[t] != blank && (t == 0 || choices[t] != choices[t - 1])) {
      text.push_back(choices[t]);
    }
  }
  return text;
}

// Levenshtein's distance.
int64_t edits(const std::vector<int64_t>& a, const std::vector<int64_t>& b) {
  std::vector<int64_t> row(b.size() + 1);
  for (size_t j = 0; j < row.size(); ++j) {
    row[j] = static_cast<int64_t>(j);
  }
  for (size_t i = 0; i < a.size(); ++i) {
    int64_t corner = row[0]++;
    for (size_t j = 0; j < b.size(); ++j) {
      const int64_t changed = corner + (a[i] == b[j] ? 0 : 1);
      corner = row[j + 1];
      row[j + 1] = std::min({changed, corner + 1, row[j] + 1});
    }
  }
  return row.back();
}

SampleLoss of_mask(std::span<const float> a, std::span<const float> b) {
  SampleLoss out{0, 0, 0};
  for (size_t i = 0; i < a.size(); ++i) {
    const bool yes = a[i] > 0.5F;
    const bool now = std::isnan(b[i]) && !std::isnan(a[i]) ? !yes : b[i] > 0.5F;
    out.lost += yes != now ? 1 : 0;
    out.weight += (yes ? 1 : 0) + (now ? 1 : 0);
  }
  return out;
}

double cosine_of(std::span<const float> a, std::span<const float> b) {
  ErrorMeter meter;
  meter.add(a, b);
  return meter.cosine();
}

SampleLoss of_rows(const Rows& a, const Rows& b, int64_t sample) {
  double sum = 0;
  for (int64_t p = 0; p < a.positions(); ++p) {
    sum += cosine_of(a.row(sample, p), b.row(sample, p));
  }
  return {0, a.positions() > 0 ? 1 - sum / static_cast<double>(a.positions()) : 0, 1};
}

SampleLoss of_numbers(std::span<const float> a, std::span<const float> b) {
  SampleLoss out{0, 0, 0};
  for (size_t i = 0; i < a.size(); ++i) {
    const double x = a[i];
    const double y = b[i];
    if (!std::isfinite(x) || !std::isfinite(y)) {
      out.lost += x == y || (std::isnan(x) && std::isnan(y)) ? 0 : std::numeric_limits<double>::infinity();
      continue;
    }
    out.lost += (y - x) * (y - x);
    out.weight += x * x;
  }
  return out;
}

}  // namespace

std::string_view name_of(Measure measure) { return row_of(measure).name; }
double default_aim(Measure measure) { return row_of(measure).aim; }

LossMeter::LossMeter(const OutputReading& reading, bool labelled) : reading_(reading), labelled_(labelled) {}

Measure LossMeter::measure() const {
  if (labelled_) {
    return Measure::accuracy;
  }
  switch (reading_.kind) {
    case OutputKind::scores: return Measure::estimated;
    case OutputKind::text: return Measure::text;
    case OutputKind::mask: return Measure::mask;
    case OutputKind::embedding: return Measure::cosine;
    case OutputKind::other: break;
  }
  return Measure::noise;
}

Result<void> LossMeter::add(int64_t samples, const Tensor& reference, const Tensor& quantized,
                            std::span<const int64_t> labels) {
  DSQ_CHECK(reference.shape() == quantized.shape(), "both networks give one shape");
  const Rows a(reference, samples, reading_.axis);
  const Rows b(quantized, samples, reading_.axis);
  if (labelled_ && (a.samples() != samples || a.positions() != 1 || std::ssize(labels) != samples)) {
    return fail(Code::labels_mismatch, "{} of class scores for {}", plural(a.samples() * a.positions(), "row"),
                plural(samples, "sample"));
  }
  for (int64_t s = 0; s < a.samples(); ++s) {
    if (labelled_) {
      const int64_t label = labels[static_cast<size_t>(s)];
      if (label < 0 || label >= a.length()) {
        return fail(Code::labels_mismatch, "sample {} has label {}, the network has {}", size_ + s, label,
                    plural(a.length(), "class"));
      }
      add_label(label, a.row(s, 0), b.row(s, 0));
    } else {
      switch (reading_.kind) {
        case OutputKind::scores: samples_.push_back(of_scores(a, b, s)); break;
        case OutputKind::text: samples_.push_back(of_text(a, b, s)); break;
        case OutputKind::mask: samples_.push_back(of_mask(a.sample(s), b.sample(s))); break;
        case OutputKind::embedding: samples_.push_back(of_rows(a, b, s)); break;
        case OutputKind::other: samples_.push_back(of_numbers(a.sample(s), b.sample(s))); break;
      }
    }
    samples_.back().sample = size_ + s;
  }
  size_ += samples;
  return {};
}

void LossMeter::add_label(int64_t label, std::span<const float> reference, std::span<const float> quantized) {
  const int64_t before = choice_of(reference);
  const int64_t after = choice_of(quantized);
  ++choices_;
  agreed_ += before == after && before >= 0 ? 1 : 0;
  right_ += before == label ? 1 : 0;
  lost_ += before == label && after != label ? 1 : 0;
  won_ += before != label && after == label ? 1 : 0;
  samples_.push_back({0, (before == label ? 1.0 : 0.0) - (after == label ? 1.0 : 0.0), 1});
}

SampleLoss LossMeter::of_scores(const Rows& a, const Rows& b, int64_t sample) {
  double lost = 0;
  for (int64_t p = 0; p < a.positions(); ++p) {
    const std::span<const float> row = a.row(sample, p);
    const int64_t before = choice_of(row);
    const int64_t after = choice_of(b.row(sample, p));
    ++choices_;
    if (before == after) {
      ++agreed_;
    } else {
      lost += gap(row, before, after, reading_.probabilities);
    }
  }
  return {0, a.positions() > 0 ? lost / static_cast<double>(a.positions()) : 0, 1};
}

SampleLoss LossMeter::of_text(const Rows& a, const Rows& b, int64_t sample) {
  std::vector<int64_t> before;
  std::vector<int64_t> after;
  double lost = 0;
  int64_t differ = 0;
  for (int64_t p = 0; p < a.positions(); ++p) {
    before.push_back(choice_of(a.row(sample, p)));
    after.push_back(choice_of(b.row(sample, p)));
    if (before.back() != after.back()) {
      lost += gap(a.row(sample, p), before.back(), after.back(), reading_.probabilities);
      ++differ;
    }
  }
  const std::vector<int64_t> text = text_of(before, reading_.blank);
  const int64_t changed = differ == 0 ? 0 : edits(text, text_of(after, reading_.blank));
  choices_ += std::ssize(text);
  agreed_ += std::ssize(text) - changed;
  return {0, changed == 0 ? 0 : static_cast<double>(changed) * lost / static_cast<double>(differ),
          static_cast<double>(text.size())};
}

double LossMeter::bound() const {
  const Measure what = measure();
  return what == Measure::cosine || what == Measure::noise ? 0 : 1;
}

Loss LossMeter::loss() const {
  Loss loss;
  loss.measure = measure();
  loss.samples = size_;
  const Ratio ratio = ratio_of(samples_, bound());
  loss.points = 100 * ratio.value;
  if (choices_ > 0) {
    loss.agreement = std::max(0.0, static_cast<double>(agreed_) / static_cast<double>(choices_));
  }
  std::optional<Interval> share = ratio.interval;
  if (loss.measure == Measure::accuracy && size_ > 0) {
    const auto all = static_cast<double>(size_);
    share = paired_interval(size_, lost_, won_);
    loss.reference = static_cast<double>(right_) / all;
    loss.quantized = static_cast<double>(right_ - lost_ + won_) / all;
  } else if (loss.measure == Measure::mask || loss.measure == Measure::cosine) {
    loss.quantized = 1 - ratio.value;
  } else if (loss.measure == Measure::noise) {
    loss.quantized = ratio.value > 0 ? std::clamp(-10 * std::log10(ratio.value), -kSqnrCapDb, kSqnrCapDb) : kSqnrCapDb;
  }
  if (share) {
    const bool can_gain = loss.measure == Measure::accuracy;
    loss.interval = Interval{can_gain ? 100 * share->low : std::max(0.0, 100 * share->low), 100 * share->high};
  }
  return loss;
}

std::optional<int64_t> LossMeter::needed(double points) const {
  if (measure() == Measure::accuracy) {
    return size_ > 0 ? pairs_to_prove(size_, lost_, won_, points / 100) : std::optional<int64_t>();
  }
  return samples_to_prove(samples_, bound(), points / 100);
}

}  // namespace dsq
