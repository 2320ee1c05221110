#include "formats/report/text.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "formats/report/ci_text.h"
#include "formats/report/markup.h"
#include "formats/report/select.h"
#include "src/report/loss_text.h"

namespace dsq {
namespace {

constexpr size_t kWorst = 3;
constexpr size_t kFailedGates = 3;

// Terminals get ordinary spaces and minus signs.
std::string ascii_signs(std::string text) {
  for (const auto& [from, to] : {std::pair<std::string_view, std::string_view>{"\xE2\x80\xAF", " "},
                                 {"\xE2\x88\x92", "-"},
                                 {"\n", " "},
                                 {"\t", " "}}) {
    for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
      text.replace(at, from.size(), to);
    }
  }
  return text;
}

class Lines {
 public:
  explicit Lines(int width) : width_(static_cast<size_t>(std::max(width, 40))) {}
  // Cut to the width. Only names and free text are ever that long.
  void add(const std::string& line) { text_ += page::shortened(ascii_signs(line), width_) + "\n"; }
  void whole(const std::string& line) { text_ += ascii_signs(line) + "\n"; }
  void row(std::string_view label, const std::string& value) { add(fmt::format("{:<10} {}", label, value)); }
  // Wrapped at spaces to at most `most` lines.
  void wrapped(const std::string& text, size_t most) {
    std::string rest = page::clipped(ascii_signs(page::clean(text)), width_ * most - 20);
    for (size_t line = 0; !rest.empty() && line < most; ++line) {
      const size_t space = rest.size() <= width_ ? std::string::npos : rest.rfind(' ', width_);
      if (space == std::string::npos || line + 1 == most) {
        add(rest);
        return;
      }
      add(rest.substr(0, space));
      rest.erase(0, space + 1);
    }
  }
  size_t width() const { return width_; }
  std::string take() { return std::move(text_); }

 private:
  size_t width_;
  std::string text_;
};

void add_gates(Lines& lines, const Report& report) {
  const int64_t failed = std::ranges::count(report.gates, false, &Gate::passed);
  size_t shown = 0;
  for (const Gate& gate : report.gates) {
    if (!gate.passed && shown++ < kFailedGates) {
      lines.add(fmt::format("FAILED     {}: {} (limit {})", gate.name, gate.found, gate.limit));
    }
  }
  if (shown > kFailedGates) {
    lines.add(fmt::format("FAILED     and {} more, see the report", shown - kFailedGates));
  }
  if (failed == 0 && !report.gates.empty()) {
    std::string names;
    for (const Gate& gate : report.gates) {
      names += (names.empty() ? "passed: " : ", ") + fmt::format("{} {}", gate.name, gate.limit);
    }
    lines.row("Gates", names);
  }
}

std::string outputs_line(const Report& report) {
  if (report.outputs.empty()) {
    return "not compared; pass --data x.npz";
  }
  const auto worst = std::ranges::min_element(report.outputs, {}, &OutputReport::sqnr_db);
  std::string out = fmt::format("SQNR {}, cosine {}", page::decibel(worst->sqnr_db), page::figure(worst->cosine, 4));
  if (worst->top1_agreement) {
    out += fmt::format(", top-1 agreement {}", page::percent(*worst->top1_agreement));
  }
  if (report.data_kind == "probe") {
    out += " on a probe";
  }
  return out +
         (report.outputs.size() > 1 ? fmt::format(" (worst: {})", page::shortened(worst->name, 24)) : std::string());
}

std::string interval_text(const LossReport& loss) {
  std::string text = loss_text(loss);
  const size_t samples = text.rfind(", ");  // which the line below names
  return samples == std::string::npos ? points_text(loss, loss.points) : text.substr(0, samples) + ")";
}

void add_losses(Lines& lines, const Report& report) {
  if (report.accuracy) {
    const AccuracyReport& a = *report.accuracy;
    const double change = 100 * (a.quantized_top1 - a.float_top1);
    lines.row("Accuracy", fmt::format("{} -> {} top-1 ({}{} points, {})", page::percent(a.float_top1),
                                      page::percent(a.quantized_top1), change > 0 ? "+" : "", page::figure(change, 2),
                                      page::plural(a.samples, "sample")));
  }
  if (!report.losses || report.losses->empty()) {
    return;
  }
  const LossReport& loss = report.losses->front();
  const std::string figures = loss.measure == "accuracy" ? "" : figures_text(loss);
  lines.row("Lost", interval_text(loss) + (loss.measure == "accuracy" ? "" : ", " + loss_title(loss)) +
                        (figures.empty() ? "" : "; " + figures));
  const std::string unproved = unproved_text(loss);
  if (!unproved.empty()) {
    lines.row("", unproved);
  }
}

void add_figures(Lines& lines, const Report& report) {
  lines.row("Size", fmt::format("{} -> {}{}", page::bytes(report.float_file_bytes), page::bytes(report.artefact_bytes),
                                report.float_file_bytes > 0
                                    ? fmt::format(" ({})", page::percent(static_cast<double>(report.artefact_bytes) /
                                                                         static_cast<double>(report.float_file_bytes)))
                                    : std::string()));
  add_losses(lines, report);
  lines.row("Outputs", outputs_line(report));
  if (report.measured_on) {
    lines.row("Samples", !report.calibrated_samples ? fmt::format("measured on {}", *report.measured_samples)
                         : *report.measured_on == "the same"
                             ? fmt::format("calibrated and measured on the same {}", *report.measured_samples)
                             : fmt::format("calibrated on {}, measured on {} {}", *report.calibrated_samples,
                                           *report.measured_samples,
                                           *report.measured_on == "held out" ? "kept apart" : "of other data"));
  }
  if (const LayerReport* worst = worst_weights(report)) {
    const std::string limit = has_weight_limit(report)
                                  ? fmt::format(" (limit {} %)", page::plain(100 * report.max_weight_error))
                                  : std::string();
    lines.row("Weights", fmt::format("worst error {}{} over {}", page::percent(worst->weight_error), limit,
                                     page::plural(static_cast<int64_t>(report.layers.size()), "layer")));
  }
  const std::string seams = report.conversions && report.float_islands
                                ? fmt::format("; {}, {} in float", page::plural(*report.conversions, "conversion"),
                                              page::plural(*report.float_islands, "island"))
                                : std::string();
  lines.row("Integer", fmt::format("{} of all multiply-adds{}", page::percent(report.integer_mac_share), seams));
  if (report.memory) {
    lines.row("Memory", fmt::format("{} -> {} at the peak", page::bytes(report.memory->float_peak),
                                    page::bytes(report.memory->quantized_peak)));
  }
}

}  // namespace

std::string summary_text(const Report& report, int width) {
  Lines lines(width);
  lines.wrapped(fmt::format("{}: {}", page::shortened(report.model_name, 40), report.headline), 2);
  add_gates(lines, report);
  lines.add("");
  add_figures(lines, report);
  const std::vector<const LayerReport*> worst = worst_layers(report, kWorst);
  if (!worst.empty()) {
    lines.add("");
    lines.add("Worst layers, and what mends them");
    for (const LayerReport* layer : worst) {
      const std::string noise = noise_text(*layer);
      lines.add(fmt::format(
          "  {}  {}",
          page::shortened(layer->name.empty() ? "(no name)" : layer->name, lines.width() - noise.size() - 4), noise));
      if (!layer->cause.empty()) {
        lines.add("    " + page::sentence(layer->cause, lines.width() - 5));
      }
      if (!layer->mend.empty()) {
        lines.whole("    " + page::clean(layer->mend));
      }
    }
  }
  const int64_t warnings = std::ranges::count(report.diagnostics, Severity::warning, &Diagnostic::severity);
  if (warnings > 0) {
    lines.add(fmt::format("{}, see the report", page::plural(warnings, "warning")));
  }
  return lines.take();
}

}  // namespace dsq
