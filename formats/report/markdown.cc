#include "formats/report/markdown.h"

#include <algorithm>

#include <fmt/format.h>

#include "formats/report/ci_text.h"
#include "formats/report/markup.h"
#include "src/report/loss_text.h"

namespace dsq {
namespace {

// A cell or a line: names come from models, so nothing in them is Markdown, HTML or an end of a cell.
std::string cell(const std::string& text, size_t limit = 300) {
  std::string out;
  for (const char c : page::clean(page::clipped(text, limit))) {
    constexpr std::string_view kSigns = "\\`*_{}[]()#+-!|<>~&@:";
    const bool sign = kSigns.find(c) != std::string_view::npos;
    const bool harmless = c == '-' || c == '(' || c == ')' || c == '+' || c == ':';
    out += sign && !harmless ? (c == '<'   ? "&lt;"
                                : c == '>' ? "&gt;"
                                : c == '&' ? "&amp;"
                                           : std::string("\\") + c)
                             : std::string(1, c);
  }
  return out;
}

std::string gates_of(const Report& report) {
  if (report.gates.empty()) {
    return "No limits were set.\n\n";
  }
  std::string text = "| gate | limit | found | |\n|---|---|---|---|\n";
  for (const Gate& gate : report.gates) {
    text += fmt::format("| {} | {} | {} | {} |\n", cell(gate.name), cell(gate.limit), cell(gate.found),
                        gate.passed ? "passed" : "**failed**");
  }
  return text + "\n";
}

std::string losses_of(const Report& report) {
  if (!report.losses || report.losses->empty()) {
    return "";
  }
  std::string text = "| lost | of output | | figures |\n|---|---|---|---|\n";
  for (const LossReport& loss : *report.losses) {
    text += fmt::format("| {} | {} | {} | {} |\n", cell(loss_title(loss)), cell(loss.output), cell(loss_text(loss)),
                        cell(figures_text(loss)));
  }
  const std::string unproved = unproved_text(report.losses->front());
  return text + "\n" + (unproved.empty() ? "" : cell(unproved) + ".\n\n");
}

std::string worst_of(const Report& report) {
  std::string text;
  for (const LayerReport* layer : three_worst(report)) {
    text += fmt::format("| {} | {} | {} |\n", cell(layer_name(*layer)), cell(noise_text(*layer)), cell(layer->mend));
  }
  text = text.empty() ? text : "| worst layers | | mended by |\n|---|---|---|\n" + text + "\n";
  if (report.losses && !report.losses->empty() && !report.losses->front().worst.empty()) {
    text += "Worst samples: ";
    const std::vector<SamplePoints>& worst = report.losses->front().worst;
    for (size_t i = 0; i < std::min<size_t>(worst.size(), 5); ++i) {
      text += fmt::format("{}{} ({})", i == 0 ? "" : ", ", cell(worst[i].place),
                          points_text(report.losses->front(), worst[i].points));
    }
    text += ".\n";
  }
  return text;
}

}  // namespace

std::string to_markdown(const Report& report) {
  return fmt::format("### dsquant: {} {}\n\n{}\n\n", cell(report.model_name, 100),
                     report.passed ? "passed" : "**failed**", cell(report.headline, 600)) +
         gates_of(report) + losses_of(report) + worst_of(report);
}

}  // namespace dsq
