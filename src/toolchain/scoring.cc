#include "src/toolchain/scoring.h"

#include <algorithm>
#include <cmath>

#include "src/report/metrics.h"
#include "src/report/rows.h"
#include "src/support/strings.h"

namespace dsq {
namespace {

constexpr size_t kWorst = 10;

double points_of(const SampleLoss& each) { return 100 * (each.weight > 0 ? each.lost / each.weight : each.lost); }

std::vector<SamplePoints> worst_of(const LossMeter& meter, const Dataset& data) {
  std::vector<const SampleLoss*> worst;
  for (const SampleLoss& each : meter.samples()) {
    if (each.lost > 0) {
      worst.push_back(&each);
    }
  }
  std::ranges::stable_sort(worst, std::greater(), [](const SampleLoss* each) { return points_of(*each); });
  worst.resize(std::min(worst.size(), kWorst));
  std::vector<SamplePoints> out;
  for (const SampleLoss* each : worst) {
    out.push_back({each->sample, data.place(each->sample), points_of(*each)});
  }
  return out;
}

LossReport report_of(const std::string& output, OutputKind kind, const LossMeter& meter, const Dataset& data) {
  const Loss loss = meter.loss();
  LossReport report;
  report.output = output;
  report.kind = name_of(kind);
  report.measure = name_of(loss.measure);
  report.samples = loss.samples;
  report.points = loss.points;
  if (loss.interval) {
    report.low = loss.interval->low;
    report.high = loss.interval->high;
  }
  report.reference = loss.reference;
  report.quantized = loss.quantized;
  report.agreement = loss.agreement;
  report.limit = loss.aim();
  report.needed = meter.needed(report.limit);
  report.worst = worst_of(meter, data);
  return report;
}

ClassReport class_of(int64_t label, const std::string& name, const ClassCount& a, const ClassCount& b) {
  return {label, name, a.labels, a.precision(), a.recall(), a.f1(), b.precision(), b.recall(), b.f1()};
}

ClassCount count_of(const ClassCounts& counts, int64_t label) {
  const auto found = counts.by_class().find(label);
  return found == counts.by_class().end() ? ClassCount() : found->second;
}

}  // namespace

Result<void> Scoring::begin(int64_t count, const std::vector<Tensor>& a) {
  for (size_t o = 0; o < a.size(); ++o) {
    const ValueId id = reference_.outputs()[o];
    const OutputReading reading = reading_of(reference_, id, a[o], count, told_);
    outputs_.push_back({reference_.value(id).name, reading.kind, LossMeter(reading, false)});
  }
  if (labels_.empty()) {
    return {};
  }
  const auto scores = std::ranges::find_if(a, [](const Tensor& t) { return is_scores(t.shape()); });
  if (scores == a.end()) {
    return fail(Code::labels_mismatch, "no output has the shape [samples, classes]");
  }
  scores_ = static_cast<size_t>(scores - a.begin());
  labelled_ = Output{outputs_[scores_].name, OutputKind::scores, LossMeter({OutputKind::scores, 1, false, 0}, true)};
  return {};
}

Result<void> Scoring::add(int64_t count, const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
  if (size_ == 0) {
    DSQ_TRY(begin(count, a));
  }
  for (size_t o = 0; o < outputs_.size(); ++o) {
    DSQ_TRY(outputs_[o].meter.add(count, a[o], b[o]));
  }
  if (labelled_) {
    const std::span<const int64_t> wanted =
        std::span(labels_).subspan(static_cast<size_t>(size_), static_cast<size_t>(count));
    DSQ_TRY(labelled_->meter.add(count, a[scores_], b[scores_], wanted));
    const Rows before(a[scores_], count, 1);
    const Rows after(b[scores_], count, 1);
    for (int64_t s = 0; s < count; ++s) {
      float_.add(wanted[static_cast<size_t>(s)], before.row(s, 0));
      quantized_.add(wanted[static_cast<size_t>(s)], after.row(s, 0));
    }
  }
  size_ += count;
  return {};
}

std::vector<LossReport> Scoring::losses(const Dataset& data, std::optional<double> max_drop) const {
  std::vector<LossReport> reports;
  std::vector<const LossMeter*> meters;
  for (const Output& output : outputs_) {
    reports.push_back(report_of(output.name, output.kind, output.meter, data));
  }
  const auto share = [](const LossReport& loss) {
    return std::isnan(loss.points) ? HUGE_VAL : loss.points / loss.limit;
  };
  size_t first = 0;
  for (size_t o = 1; o < reports.size(); ++o) {
    first = share(reports[o]) > share(reports[first]) ? o : first;
  }
  const LossMeter* meter = outputs_.empty() ? nullptr : &outputs_[first].meter;
  if (labelled_) {
    reports.insert(reports.begin(), report_of(labelled_->name, labelled_->kind, labelled_->meter, data));
    meter = &labelled_->meter;
  } else if (meter != nullptr) {
    std::rotate(reports.begin(), reports.begin() + static_cast<ptrdiff_t>(first),
                reports.begin() + static_cast<ptrdiff_t>(first) + 1);
  }
  if (meter != nullptr && max_drop) {
    reports.front().limit = *max_drop;
    reports.front().needed = meter->needed(*max_drop);
  }
  return reports;
}

std::optional<AccuracyReport> Scoring::accuracy(const std::vector<std::string>& names) const {
  if (!labelled_ || float_.samples() == 0) {
    return std::nullopt;
  }
  AccuracyReport report;
  report.samples = float_.samples();
  report.float_top1 = float_.top1();
  report.quantized_top1 = quantized_.top1();
  if (float_.classes() > 5) {
    report.float_top5 = float_.top5();
    report.quantized_top5 = quantized_.top5();
  }
  report.float_macro_f1 = float_.macro_f1();
  report.quantized_macro_f1 = quantized_.macro_f1();
  std::vector<ClassReport>& classes = report.classes.emplace();
  for (int64_t label = 0; label < float_.classes(); ++label) {
    const ClassCount a = count_of(float_, label);
    const ClassCount b = count_of(quantized_, label);
    if (a.labels + a.choices + b.choices > 0) {
      const auto at = static_cast<size_t>(label);
      classes.push_back(class_of(label, at < names.size() ? names[at] : "", a, b));
    }
  }
  return report;
}

}  // namespace dsq
