// The top of the page: what came out, in one sentence, five figures and the gates.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "formats/report/markup.h"
#include "formats/report/sections.h"
#include "formats/report/select.h"
#include "src/report/loss_text.h"

namespace dsq::page {
namespace {

std::string tile(const std::string& label, const std::string& value, const std::string& detail,
                 const std::string& tip) {
  return fmt::format(
      "<div class=\"tile\"><div class=\"label\">{}</div><div class=\"big\" title=\"{}\">{}</div>"
      "<div class=\"detail\">{}</div></div>",
      label, escape(tip), value, detail);
}

std::string size_tile(const Report& report) {
  const std::string tip =
      fmt::format("{} before, {} after", exact_bytes(report.float_file_bytes), exact_bytes(report.artefact_bytes));
  const std::string detail = report.float_file_bytes > 0
                                 ? fmt::format("{} of {}",
                                               percent(static_cast<double>(report.artefact_bytes) /
                                                       static_cast<double>(report.float_file_bytes)),
                                               bytes(report.float_file_bytes))
                                 : std::string("the model's size is not known");
  return tile("File size", bytes(report.artefact_bytes), detail, tip);
}

std::string quality_tile(const Report& report) {
  if (report.accuracy) {
    const AccuracyReport& a = *report.accuracy;
    const double change = 100 * (a.quantized_top1 - a.float_top1);
    return tile(
        "Top-1 accuracy", percent(a.quantized_top1),
        fmt::format("float {}, {}{}\xC2\xA0points", percent(a.float_top1), change > 0 ? "+" : "", figure(change, 2)),
        fmt::format("{} quantized, {} float, on {}", exact(a.quantized_top1), exact(a.float_top1),
                    plural(a.samples, "sample")));
  }
  if (report.losses && !report.losses->empty()) {
    const LossReport& loss = report.losses->front();
    return tile("Lost", escape(points_text(loss, loss.points)), escape(loss_title(loss)), loss_text(loss));
  }
  if (report.outputs.empty()) {
    return tile("Output SQNR", "\xE2\x80\x93", "not measured", "no outputs were compared");
  }
  const auto worst = std::ranges::min_element(report.outputs, {}, &OutputReport::sqnr_db);
  return tile(report.outputs.size() == 1 ? "Output SQNR" : "Worst output SQNR", decibel(worst->sqnr_db),
              report.data_kind == "probe" ? "on a synthetic probe" : "against the float network",
              fmt::format("{} dB, {}", exact(worst->sqnr_db), shortened(worst->name, 80)));
}

std::string weight_tile(const Report& report) {
  const LayerReport* worst = worst_weights(report);
  if (worst == nullptr) {
    return tile("Worst weight error", "\xE2\x80\x93", "no layer with weights", "");
  }
  const std::string limit = has_weight_limit(report)
                                ? fmt::format("limit {}\xE2\x80\xAF%", plain(100 * report.max_weight_error))
                                : std::string("no limit: none is int8");
  return tile("Worst weight error", percent(worst->weight_error), limit,
              fmt::format("{}: {}", shortened(worst->name, 80), exact(worst->weight_error)));
}

std::string memory_tile(const Report& report) {
  if (!report.memory) {
    return tile("Peak memory", "\xE2\x80\x93", "shapes are not fixed", "give the shapes with --shape");
  }
  const MemoryReport& m = *report.memory;
  return tile("Peak memory", bytes(m.quantized_peak), fmt::format("float {}", bytes(m.float_peak)),
              fmt::format("{} quantized, {} float", exact_bytes(m.quantized_peak), exact_bytes(m.float_peak)));
}

std::string gate_list(const Report& report) {
  if (report.gates.empty()) {
    return empty_note(
        "No limit was set for this run; --max-drop, --min-agreement, --min-cosine, --min-sqnr, --max-size or "
        "--baseline set one.");
  }
  std::string out = "<ul class=\"gates\">";
  for (const Gate& gate : report.gates) {
    out += fmt::format(
        "<li class=\"{0}\"><span class=\"badge {0}\">{1}</span><span class=\"gatename\">{2}</span>"
        "<span class=\"found\" title=\"{3}\">{4}</span><span class=\"limit\">limit {5}</span></li>",
        gate.passed ? "pass" : "fail", gate.passed ? "passed" : "failed", escape(shortened(gate.name, 80)),
        escape(shortened(gate.found, 600)), escape(shortened(gate.found, 90)), escape(shortened(gate.limit, 60)));
  }
  return out + "</ul>";
}

std::string data_note(const Report& report) {
  if (report.data_kind == "calibrated") {
    const std::string pictures =
        report.preprocess ? fmt::format(" Pictures: {}.", escape(shortened(*report.preprocess, 200))) : std::string();
    if (report.measured_on && *report.measured_on != "the same") {
      return fmt::format("<p class=\"lead\">Calibrated on {}, compared on {} others{}.{}</p>",
                         plural(*report.calibrated_samples, "sample"), *report.measured_samples,
                         *report.measured_on == "held out" ? " of your data" : " of other data", pictures);
    }
    return fmt::format("<p class=\"lead\">Calibrated and compared on {} of your data.{}</p>",
                       plural(report.data_samples, "sample"), pictures);
  }
  if (report.data_kind == "measured") {
    return fmt::format("<p class=\"lead\">Ranges are found at run time. Compared on {}.</p>",
                       plural(report.measured_samples.value_or(0), "sample"));
  }
  if (report.data_kind == "probe" && report.calibrated_samples) {
    return fmt::format(
        "<p class=\"note\">Ranges come from a calibration table of {}. The two networks were compared on a synthetic "
        "input, "
        "which says little about yours. Pass <code>--data x.npz</code> for figures that count.</p>",
        plural(*report.calibrated_samples, "sample"));
  }
  if (report.data_kind == "probe") {
    return "<p class=\"note\">No data was given: ranges are found at run time, and the two networks were compared on a "
           "synthetic input, which says little about yours. Pass <code>--data x.npz</code> for figures that count.</p>";
  }
  return "<p class=\"note\">No data was given: ranges are found at run time, and outputs were not compared. Pass "
         "<code>--data x.npz</code> to measure how close the quantized network stays.</p>";
}

}  // namespace

std::string verdict(const Report& report) {
  const int64_t failed = std::ranges::count(report.gates, false, &Gate::passed);
  const std::string badge = report.gates.empty() ? "<span class=\"badge plain\">no limits set</span>"
                            : report.passed      ? fmt::format("<span class=\"badge pass\">{} passed</span>",
                                                          report.gates.size() == 1 ? "the gate" : "all gates")
                                            : fmt::format("<span class=\"badge fail\">{} of {} failed</span>", failed,
                                                          plural(static_cast<int64_t>(report.gates.size()), "gate"));
  const std::string share =
      std::isfinite(report.integer_mac_share) ? percent(report.integer_mac_share) : "\xE2\x80\x93";
  return fmt::format("<p class=\"headline\">{}</p><p class=\"badges\">{}</p><div class=\"tiles\">{}{}{}{}{}</div>{}{}",
                     escape(clipped(report.headline, 400)), badge, size_tile(report), quality_tile(report),
                     weight_tile(report),
                     tile("Integer arithmetic", share, "of all multiply-adds", exact(report.integer_mac_share)),
                     memory_tile(report), gate_list(report), data_note(report));
}

std::string empty_note(const std::string& sentence) { return "<p class=\"empty\">" + sentence + "</p>"; }

}  // namespace dsq::page
