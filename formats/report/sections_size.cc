// Bytes: in the file, and in memory while the network runs.
#include <algorithm>

#include <fmt/format.h>

#include "formats/report/charts.h"
#include "formats/report/markup.h"
#include "formats/report/sections.h"

namespace dsq::page {
namespace {

std::string bar_row(const std::string& label, int64_t total, const std::string& chart) {
  return fmt::format(
      "<div class=\"barrow\"><div class=\"barhead\"><span>{}</span><span class=\"value\" "
      "title=\"{}\">{}</span></div>{}</div>",
      label, exact_bytes(total), bytes(total), chart);
}

std::string cell(int64_t value, const std::string& text) {
  return fmt::format("<td class=\"num\" title=\"{}\">{}</td>", exact_bytes(value), text);
}

}  // namespace

std::string sizes(const Report& report) {
  if (report.size.empty()) {
    return empty_note("The parts of the file were not listed for this run.");
  }
  std::vector<Segment> before;
  std::vector<Segment> after;
  int64_t float_sum = 0;
  int64_t stored_sum = 0;
  std::string rows;
  for (size_t i = 0; i < report.size.size(); ++i) {
    const SizePart& part = report.size[i];
    const int colour = static_cast<int>(std::min<size_t>(i, 4));
    before.push_back({part.part, part.float_bytes, colour});
    after.push_back({part.part, part.stored_bytes, colour});
    float_sum += part.float_bytes;
    stored_sum += part.stored_bytes;
    const std::string ratio =
        part.float_bytes > 0 ? percent(static_cast<double>(part.stored_bytes) / static_cast<double>(part.float_bytes))
                             : std::string("\xE2\x80\x93");
    rows +=
        fmt::format("<tr><th scope=\"row\"><span class=\"swatch c{}\"></span>{}</th>{}{}<td class=\"num\">{}</td></tr>",
                    colour, escape(shortened(part.part, 48)),
                    cell(part.float_bytes, part.float_bytes > 0 ? bytes(part.float_bytes) : "\xE2\x80\x93"),
                    cell(part.stored_bytes, bytes(part.stored_bytes)), ratio);
  }
  const int64_t float_rest = report.float_file_bytes - float_sum;
  const int64_t stored_rest = report.artefact_bytes - stored_sum;
  if (float_rest > 0 || stored_rest > 0) {
    before.push_back({"everything else", float_rest, 5});
    after.push_back({"everything else", stored_rest, 5});
    rows += fmt::format(
        "<tr><th scope=\"row\"><span class=\"swatch c5\"></span>everything else</th>{}{}<td "
        "class=\"num\">\xE2\x80\x93</td></tr>",
        cell(std::max<int64_t>(float_rest, 0), float_rest > 0 ? bytes(float_rest) : "\xE2\x80\x93"),
        cell(std::max<int64_t>(stored_rest, 0), stored_rest > 0 ? bytes(stored_rest) : "\xE2\x80\x93"));
  }
  const int64_t scale = std::max({report.float_file_bytes, report.artefact_bytes, float_sum, stored_sum});
  return fmt::format(
      "<div class=\"split\"><div>{}{}</div><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Size by "
      "part\">"
      "<table class=\"plain\"><thead><tr><th scope=\"col\">Part</th><th scope=\"col\" class=\"num\">as fp32</th><th "
      "scope=\"col\" class=\"num\">stored</th>"
      "<th scope=\"col\" class=\"num\">ratio</th></tr></thead><tbody>{}</tbody></table></div></div>",
      bar_row("Float model", report.float_file_bytes, stacked_bar(before, scale, "Size of the float model by part")),
      bar_row("Quantized model", report.artefact_bytes,
              stacked_bar(after, scale, "Size of the quantized model by part")),
      rows);
}

std::string memory(const Report& report) {
  if (!report.memory) {
    return empty_note(
        "The model has dimensions that are not fixed, so no plan could be made ahead; give them with "
        "<code>--shape NAME=1,3,224,224</code>.");
  }
  const MemoryReport& m = *report.memory;
  const int64_t scale = std::max(m.float_peak, m.quantized_peak);
  std::string out = fmt::format(
      "<p class=\"lead\">Memory for values in flight, planned for {}. Without sharing, the quantized network "
      "would take <span title=\"{}\">{}</span>.</p>",
      m.shapes.empty() ? std::string("the model's own shapes") : name_tag(m.shapes, 120),
      exact_bytes(m.quantized_total), bytes(m.quantized_total));
  out +=
      "<div class=\"peaks\">" +
      bar_row("Float peak", m.float_peak,
              stacked_bar({{"float peak", m.float_peak, 5}}, scale, "Peak memory of the float network")) +
      bar_row("Quantized peak", m.quantized_peak,
              stacked_bar({{"quantized peak", m.quantized_peak, 0}}, scale, "Peak memory of the quantized network")) +
      "</div>";
  if (m.blocks.empty()) {
    return out + empty_note("The plan holds no block: the network keeps no value between steps.");
  }
  return out +
         fmt::format(
             "<figure>{}<figcaption>Each rectangle is one value of the quantized network: how long it lives, and which "
             "bytes it takes. {}</figcaption></figure>",
             memory_plan(m), m.blocks.size() >= 64 ? "The largest 64 are shown." : "");
}

}  // namespace dsq::page
