#include "src/toolchain/gates.h"

#include <algorithm>
#include <cmath>

#include "formats/report/select.h"
#include "src/report/loss_text.h"
#include "src/report/metrics.h"
#include "src/support/strings.h"

namespace dsq {
namespace {

constexpr double kSamePoints = 0.005;
constexpr double kSameDb = 0.05;
constexpr double kSameSize = 1.001;

void add(Report& report, std::string name, std::string limit, std::string found, bool passed) {
  report.gates.push_back({std::move(name), std::move(limit), std::move(found), passed});
}

constexpr char kNotMeasured[] = "not measured";

const OutputReport* worst_output(const Report& report) {
  const auto worst = std::ranges::min_element(report.outputs, {}, &OutputReport::sqnr_db);
  return worst == report.outputs.end() ? nullptr : &*worst;
}

std::string named(const Report& report, const std::string& output) {
  return report.outputs.size() > 1 ? fmt::format(" ({})", output) : std::string();
}

void add_drop(Report& report, double limit, Diagnostics& diagnostics) {
  if (!report.losses || report.losses->empty()) {
    add(report, "drop", fmt::format("<= {:.3g} points", limit), kNotMeasured, false);
    return;
  }
  const LossReport& loss = report.losses->front();
  const std::string unit = loss.measure == "command" ? "" : " points";
  add(report, loss_title(loss), fmt::format("<= {:.3g}{}", limit, unit), loss_text(loss), loss.points <= limit);
  const std::string unproved = unproved_text(loss);
  if (!unproved.empty()) {
    diagnostics.warn(Code::not_proved, "", loss_title(loss) + ": " + unproved);
  }
}

// Of choices; the output that agrees least.
void add_agreement(Report& report, double limit) {
  std::optional<double> worst;
  std::string name;
  for (const LossReport& loss : report.losses.value_or(std::vector<LossReport>())) {
    if (loss.agreement && (!worst || *loss.agreement < *worst)) {
      worst = loss.agreement;
      name = loss.output;
    }
  }
  add(report, "agreement with float", fmt::format(">= {:.4g} %", limit),
      worst ? fmt::format("{:.2f} %{}", *worst * 100, named(report, name))
            : std::string("not measured: no output holds class scores"),
      worst && *worst * 100 >= limit);
}

void add_cosine(Report& report, double limit) {
  std::optional<double> worst;
  std::string name;
  for (const OutputReport& output : report.outputs) {
    double cosine = output.cosine;
    for (const LossReport& loss : report.losses.value_or(std::vector<LossReport>())) {
      cosine = loss.measure == "cosine" && loss.output == output.name ? *loss.quantized : cosine;
    }
    if (!worst || !(cosine >= *worst)) {
      worst = cosine;
      name = output.name;
    }
  }
  add(report, "cosine with float", fmt::format(">= {:.6g}", limit),
      worst ? fmt::format("{:.6f}{}", *worst, named(report, name)) : std::string(kNotMeasured),
      worst && *worst >= limit);
}

void warn_of_missed_aim(const Report& report, Diagnostics& diagnostics) {
  if (!report.losses || report.losses->empty() || report.losses->front().measure == "command") {
    return;
  }
  const LossReport& loss = report.losses->front();
  if (!(loss.points <= loss.limit)) {
    diagnostics.warn(
        Code::aim_missed, "",
        fmt::format("{}: {}, the aim is {:.3g} points; the report names the layers that lose most and what "
                    "mends them",
                    loss_title(loss), loss_text(loss), loss.limit));
  }
}

void add_loss_baseline(Report& report, const LossReport& was) {
  const std::vector<LossReport> losses = report.losses.value_or(std::vector<LossReport>());
  const auto is = std::ranges::find_if(
      losses, [&](const LossReport& loss) { return loss.measure == was.measure && loss.output == was.output; });
  const double limit = was.points + kSamePoints;
  add(report, "baseline: " + loss_title(was), "<= " + points_text(was, was.points),
      is == losses.end() ? std::string(kNotMeasured) : loss_text(*is), is != losses.end() && is->points <= limit);
}

}  // namespace

void add_output_gates(Report& report, const OutputGates& gates, Diagnostics& diagnostics) {
  if (gates.max_drop) {
    add_drop(report, *gates.max_drop, diagnostics);
  }
  if (gates.min_agreement) {
    add_agreement(report, *gates.min_agreement);
  }
  if (gates.min_cosine) {
    add_cosine(report, *gates.min_cosine);
  }
  const OutputReport* worst = worst_output(report);
  if (gates.min_sqnr_db) {
    add(report, "output SQNR", fmt::format(">= {:.3g} dB", *gates.min_sqnr_db),
        worst != nullptr ? fmt::format("{:.1f} dB", worst->sqnr_db) : std::string("not measured: pass --data"),
        worst != nullptr && worst->sqnr_db >= *gates.min_sqnr_db);
  }
  if (worst != nullptr && worst->sqnr_db <= -kSqnrCapDb) {
    add(report, "finite outputs", "as in float", "NaN or Inf where float has none", false);
  }
}

void add_gates(Report& report, const QuantizeOptions& options, Diagnostics& diagnostics) {
  if (const LayerReport* worst = worst_weights(report); worst != nullptr && has_weight_limit(report)) {
    add(report, "weight error", fmt::format("<= {:.3g} %", options.recipe.max_weight_error * 100),
        fmt::format("{:.2f} % (worst: {})", worst->weight_error * 100, worst->name),
        worst->weight_error <= options.recipe.max_weight_error);
  }
  if (options.max_size && report.artefact_bytes > 0) {
    add(report, "size", fmt::format("<= {}", human_bytes(static_cast<double>(*options.max_size))),
        fmt::format("{} ({})", human_bytes(static_cast<double>(report.artefact_bytes)),
                    plural(report.artefact_bytes, "byte")),
        report.artefact_bytes <= *options.max_size);
  }
  if (!options.dry_run) {
    add_output_gates(report, {options.max_drop, options.min_agreement, options.min_cosine, options.min_sqnr_db},
                     diagnostics);
    if (!options.max_drop) {
      warn_of_missed_aim(report, diagnostics);
    }
  }
}

void add_baseline_gates(Report& report, const Report& old) {
  const bool lost = old.losses && !old.losses->empty();
  if (lost) {
    add_loss_baseline(report, old.losses->front());
  }
  if (!lost) {
    for (const OutputReport& was : old.outputs) {
      const auto is = std::ranges::find(report.outputs, was.name, &OutputReport::name);
      const bool found = is != report.outputs.end();
      add(report, "baseline: output SQNR" + named(old, was.name), fmt::format(">= {:.1f} dB", was.sqnr_db),
          found ? fmt::format("{:.1f} dB", is->sqnr_db) : std::string(kNotMeasured),
          found && is->sqnr_db >= was.sqnr_db - kSameDb);
    }
  }
  if (old.artefact_bytes > 0 && report.artefact_bytes > 0) {
    add(report, "baseline: size", fmt::format("<= {}", plural(old.artefact_bytes, "byte")),
        plural(report.artefact_bytes, "byte"),
        static_cast<double>(report.artefact_bytes) <= kSameSize * static_cast<double>(old.artefact_bytes));
  }
}

}  // namespace dsq
