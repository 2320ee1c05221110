#include "formats/report/charts.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "formats/report/markup.h"

namespace dsq::page {
namespace {

// The axis ends at the largest finite value, but never beyond 100 %: noise above the signal is all the same noise.
double axis_end(const std::vector<Bar>& bars, double limit) {
  double end = 0;
  for (const Bar& bar : bars) {
    for (const double value : {bar.value, bar.mark}) {
      end = std::isfinite(value) ? std::max(end, value) : end;
    }
  }
  end = std::isfinite(limit) ? std::max(end, limit * 1.1) : end;
  end = std::min(end, 1.0);
  return end > 0 ? end : 1.0;
}

double share_of(double value, double end) { return std::isfinite(value) ? std::clamp(value / end, 0.0, 1.0) : 1.0; }

}  // namespace

std::vector<double> ticks(double low, double high, int count) {
  if (!(high > low)) {
    return {low};
  }
  const double raw = (high - low) / count;
  const double power = std::pow(10.0, std::floor(std::log10(raw)));
  const double lead = raw / power;
  const double step = power * (lead <= 1.0 ? 1 : lead <= 2.0 ? 2 : lead <= 5.0 ? 5 : 10);
  std::vector<double> out;
  const double first = std::ceil(low / step - 1e-9);
  for (int i = 0; (first + i) * step <= high + step * 1e-9; ++i) {
    out.push_back((first + i) * step);
  }
  return out;
}

std::string stacked_bar(const std::vector<Segment>& segments, int64_t scale, const std::string& description) {
  std::string out = fmt::format(
      "<svg class=\"chart stack\" role=\"img\" aria-label=\"{}\">"
      "<rect class=\"track\" width=\"100%\" height=\"100%\"/>",
      escape(description));
  const double whole = static_cast<double>(std::max<int64_t>(scale, 1));
  double at = 0;
  for (const Segment& segment : segments) {
    if (segment.bytes <= 0) {
      continue;
    }
    const double width = 100.0 * static_cast<double>(segment.bytes) / whole;
    out += fmt::format(
        "<rect class=\"mark c{}\" x=\"{:.3f}%\" y=\"0\" width=\"{:.3f}%\" height=\"100%\"><title>{}: {}</title></rect>",
        segment.colour, at, width, escape(shortened(segment.label, 120)), exact_bytes(segment.bytes));
    at += width;
  }
  return out + "</svg>";
}

void sort_bars(std::vector<Bar>& bars) {
  const auto key = [](const Bar& bar) { return std::isfinite(bar.value) ? bar.value : HUGE_VAL; };
  std::ranges::stable_sort(bars, [&](const Bar& a, const Bar& b) { return key(a) > key(b); });
}

std::string overview_chart(const std::vector<Bar>& bars, double limit, const std::string& description) {
  const double end = axis_end(bars, limit);
  std::string out = fmt::format("<svg class=\"chart overview\" role=\"img\" aria-label=\"{}\">", escape(description));
  for (const double tick : ticks(0, end, 4)) {
    const double y = 100 * (1 - tick / end);
    out += fmt::format(
        "<line class=\"grid\" x1=\"0\" x2=\"100%\" y1=\"{0:.2f}%\" y2=\"{0:.2f}%\"/>"
        "<text class=\"axis\" x=\"-8\" y=\"{0:.2f}%\" dy=\".32em\" text-anchor=\"end\">{1}</text>",
        y, plain(100 * tick) + "\xE2\x80\xAF%");
  }
  const double slot = 100.0 / static_cast<double>(std::max<size_t>(bars.size(), 24));
  const double width = bars.size() > 120 ? slot : slot * 0.78;
  out += fmt::format("<g data-slot=\"{:.5f}\">", slot);
  for (size_t i = 0; i < bars.size(); ++i) {
    const double height = std::max(0.8, 100 * share_of(bars[i].value, end));
    out += fmt::format(
        "<rect class=\"mark{}\" x=\"{:.3f}%\" y=\"{:.2f}%\" width=\"{:.3f}%\" "
        "height=\"{:.2f}%\"><title>{}</title></rect>",
        bars[i].flagged ? " flagged" : "", static_cast<double>(i) * slot, 100 - height, width, height,
        escape(shortened(bars[i].name, 80) + "\n" + bars[i].tip));
  }
  out += "</g>";
  for (size_t i = 0; i < bars.size(); ++i) {
    if (std::isfinite(bars[i].mark)) {  // a pale bar from the value to the mark, with a cap
      const double left = static_cast<double>(i) * slot;
      const double top = 100 * (1 - share_of(bars[i].mark, end));
      const double height = std::max(0.0, 100 * (1 - share_of(bars[i].value, end)) - top);
      out += fmt::format(
          "<rect class=\"ghost\" x=\"{0:.3f}%\" y=\"{1:.2f}%\" width=\"{2:.3f}%\" height=\"{3:.2f}%\"/>"
          "<line class=\"tick\" x1=\"{0:.3f}%\" x2=\"{4:.3f}%\" y1=\"{1:.2f}%\" y2=\"{1:.2f}%\"/>",
          left, top, width, height, left + width);
    }
  }
  if (std::isfinite(limit) && limit <= end) {
    out += fmt::format(
        "<line class=\"limit\" x1=\"0\" x2=\"100%\" y1=\"{0:.2f}%\" y2=\"{0:.2f}%\"/>"
        "<text class=\"axis strong\" x=\"100%\" y=\"{0:.2f}%\" dy=\"-6\" text-anchor=\"end\">limit {1}</text>",
        100 * (1 - limit / end), plain(100 * limit) + "\xE2\x80\xAF%");
  }
  return out + "</svg>";
}

std::string named_bars(const std::vector<Bar>& bars, size_t count) {
  const std::vector<Bar> shown(bars.begin(), bars.begin() + static_cast<int64_t>(std::min(count, bars.size())));
  const double end = axis_end(shown, std::numeric_limits<double>::quiet_NaN());
  std::string out = "<ol class=\"bars\">";
  for (const Bar& bar : shown) {
    std::string tick;
    if (std::isfinite(bar.mark)) {
      tick = fmt::format("<line class=\"tick\" x1=\"{0:.2f}%\" x2=\"{0:.2f}%\" y1=\"0\" y2=\"100%\"/>",
                         100 * share_of(bar.mark, end));
    }
    out += fmt::format(
        "<li><div class=\"barhead\">{}<span class=\"value\" title=\"{}\">{}</span></div>"
        "<svg class=\"chart bar\" aria-hidden=\"true\"><rect class=\"track\" width=\"100%\" height=\"100%\" rx=\"4\"/>"
        "<rect class=\"mark{}\" width=\"{:.2f}%\" height=\"100%\" rx=\"4\"/>{}</svg></li>",
        name_tag(bar.name), escape(bar.tip), escape(bar.label), bar.flagged ? " flagged" : "",
        std::max(0.5, 100 * share_of(bar.value, end)), tick);
  }
  return out + "</ol>";
}

}  // namespace dsq::page
