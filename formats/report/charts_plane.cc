// The charts with two axes: the scatter of an output, and the memory plan.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "formats/report/charts.h"
#include "formats/report/markup.h"

namespace dsq::page {
namespace {

std::string byte_tick(double value) {
  constexpr const char* kUnits[] = {"B", "kB", "MB", "GB", "TB", "PB"};
  size_t unit = 0;
  while (value >= 1000 && unit + 1 < std::size(kUnits)) {
    value /= 1000;
    ++unit;
  }
  return plain(value) + "\xE2\x80\xAF" + kUnits[unit];
}

}  // namespace

std::string scatter(const OutputReport& output) {
  constexpr double kLeft = 52;
  constexpr double kTop = 12;
  constexpr double kSide = 276;
  double low = std::numeric_limits<double>::infinity();
  double high = -low;
  std::vector<std::pair<float, float>> points;
  for (const std::pair<float, float>& point : output.points) {
    if (std::isfinite(point.first) && std::isfinite(point.second)) {
      points.push_back(point);
      low = std::min({low, double{point.first}, double{point.second}});
      high = std::max({high, double{point.first}, double{point.second}});
    }
  }
  if (points.empty()) {
    return "<p class=\"empty\">No finite values were kept of this output, so there is nothing to plot.</p>";
  }
  const double margin = high > low ? 0.04 * (high - low) : std::max(1e-6, 0.1 * std::abs(high));
  low -= margin;
  high += margin;
  const auto across = [&](double value) { return kLeft + kSide * (value - low) / (high - low); };
  const auto up = [&](double value) { return kTop + kSide * (high - value) / (high - low); };

  std::string out = fmt::format("<svg class=\"chart scatter\" viewBox=\"0 0 340 334\" role=\"img\" aria-label=\"{}\">",
                                escape("Float against quantized values of " + shortened(output.name, 80)));
  for (const double tick : ticks(low, high, 4)) {
    out += fmt::format(
        "<line class=\"grid\" x1=\"{0:.1f}\" x2=\"{1:.1f}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\"/>"
        "<line class=\"grid\" x1=\"{3:.1f}\" x2=\"{3:.1f}\" y1=\"{4:.1f}\" y2=\"{5:.1f}\"/>",
        kLeft, kLeft + kSide, up(tick), across(tick), kTop, kTop + kSide);
    const std::string text = plain(std::abs(tick) < 1e-9 * (high - low) ? 0 : tick);
    out += fmt::format("<text class=\"axis\" x=\"{:.1f}\" y=\"{:.1f}\" dy=\".32em\" text-anchor=\"end\">{}</text>",
                       kLeft - 6, up(tick), text);
    out += fmt::format("<text class=\"axis\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>", across(tick),
                       kTop + kSide + 16, text);
  }
  out += fmt::format("<line class=\"equal\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/>", kLeft,
                     kTop + kSide, kLeft + kSide, kTop);
  for (const std::pair<float, float>& point : points) {
    out += fmt::format(
        "<circle class=\"dot\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2.6\"><title>float {}\nquantized {}</title></circle>",
        across(point.first), up(point.second), figure(point.first, 5), figure(point.second, 5));
  }
  out += fmt::format(
      "<text class=\"axis strong\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">float value</text>"
      "<text class=\"axis strong\" transform=\"translate(12 {:.1f}) rotate(-90)\" text-anchor=\"middle\">quantized "
      "value</text>",
      kLeft + kSide / 2, kTop + kSide + 36, kTop + kSide / 2);
  return out + "</svg>";
}

std::string hull(const std::vector<PlanReport>& plans, const std::string& description) {
  constexpr double kLeft = 52;
  constexpr double kTop = 12;
  constexpr double kWidth = 520;
  constexpr double kHeight = 200;
  constexpr double kQuietest = 60;  // dB; beyond that nothing is left to see
  const auto decibels = [&](const PlanReport& plan) {
    return std::clamp(-10 * std::log10(std::max(plan.noise, 1e-12)), 0.0, kQuietest);
  };
  double high = 10;
  for (const PlanReport& plan : plans) {
    high = std::max(high, decibels(plan));
  }
  const auto across = [&](double share) { return kLeft + kWidth * share; };
  const auto up = [&](double value) { return kTop + kHeight * (high - value) / high; };
  std::string out = fmt::format("<svg class=\"chart hull\" viewBox=\"0 0 600 260\" role=\"img\" aria-label=\"{}\">",
                                escape(description));
  for (const double tick : ticks(0, high, 4)) {
    out += fmt::format(
        "<line class=\"grid\" x1=\"{0:.1f}\" x2=\"{1:.1f}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\"/>"
        "<text class=\"axis\" x=\"{3:.1f}\" y=\"{2:.1f}\" dy=\".32em\" text-anchor=\"end\">{4}</text>",
        kLeft, kLeft + kWidth, up(tick), kLeft - 6, plain(tick));
  }
  for (const double share : {0.0, 0.25, 0.5, 0.75, 1.0}) {
    out += fmt::format("<text class=\"axis\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{:.0f} %</text>",
                       across(share), kTop + kHeight + 24, share * 100);
  }
  for (const PlanReport& plan : plans) {
    const char* kind = plan.chosen ? " chosen" : plan.points ? " tried" : "";
    out += fmt::format(
        "<circle class=\"dot{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{}\"><title>{}\n{:.2f} dB{}</title></circle>", kind,
        across(plan.share), up(decibels(plan)), plan.points ? 4.5 : 2.6, escape(plan.flag), decibels(plan),
        plan.points ? fmt::format("\n{:.3f} points lost", *plan.points) : "");
  }
  out += fmt::format(
      "<text class=\"axis strong\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">multiplications at the asked "
      "precision</text><text class=\"axis strong\" transform=\"translate(12 {:.1f}) rotate(-90)\" "
      "text-anchor=\"middle\">predicted SQNR, dB</text>",
      kLeft + kWidth / 2, kTop + kHeight + 44, kTop + kHeight / 2);
  return out + "</svg>";
}

std::string histogram(const InputReport& input, const std::string& description) {
  constexpr double kWidth = 320;
  constexpr double kHeight = 60;
  const int64_t most = input.bins.empty() ? 0 : *std::ranges::max_element(input.bins);
  if (most <= 0 || !(input.low < input.high) || !std::isfinite(input.high - input.low)) {
    return "";
  }
  std::string out = fmt::format("<svg class=\"chart histogram\" viewBox=\"0 0 320 78\" role=\"img\" aria-label=\"{}\">",
                                escape(description));
  const double step = kWidth / static_cast<double>(input.bins.size());
  const double width = (input.high - input.low) / static_cast<double>(input.bins.size());
  for (size_t i = 0; i < input.bins.size(); ++i) {
    const double height =
        kHeight * std::sqrt(static_cast<double>(std::max<int64_t>(input.bins[i], 0)) / static_cast<double>(most));
    const double left = input.low + width * static_cast<double>(i);
    out += fmt::format(
        "<rect class=\"mark\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"><title>{} to {}: "
        "{}</title></rect>",
        step * static_cast<double>(i), kHeight - height, 0.85 * step, height, figure(left), figure(left + width),
        plural(input.bins[i], "value"));
  }
  out += fmt::format(
      "<text class=\"axis\" x=\"0\" y=\"74\">{}</text><text class=\"axis\" x=\"320\" y=\"74\" "
      "text-anchor=\"end\">{}</text>",
      figure(input.low), figure(input.high));
  for (const std::optional<double>& clip : {input.clip_low, input.clip_high}) {
    const double at = clip ? kWidth * (*clip - input.low) / (input.high - input.low) : -1;
    if (at >= 0 && at <= kWidth) {
      out += fmt::format(
          "<line class=\"limit\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"0\" y2=\"60\"><title>clipped at {1}</title></line>",
          at, figure(*clip));
    }
  }
  return out + "</svg>";
}

std::string memory_plan(const MemoryReport& memory) {
  int32_t first = 0;
  int32_t last = 0;
  int64_t top = memory.quantized_peak;
  for (const MemoryReport::Block& block : memory.blocks) {
    first = &block == &memory.blocks.front() ? block.first : std::min(first, block.first);
    last = std::max(last, block.last);
    top = std::max(top, block.offset + block.bytes);
  }
  const double steps = std::max<double>(1, double{static_cast<double>(last)} - first + 1);
  const double height = static_cast<double>(std::max<int64_t>(top, 1));
  std::string out = fmt::format("<svg class=\"chart plan\" role=\"img\" aria-label=\"{}\">",
                                escape(fmt::format("Memory plan: {} over {} steps, {} at the peak",
                                                   plural(static_cast<int64_t>(memory.blocks.size()), "block"),
                                                   static_cast<int64_t>(steps), bytes(memory.quantized_peak))));
  for (const double tick : ticks(0, height, 4)) {
    out += fmt::format(
        "<line class=\"grid\" x1=\"0\" x2=\"100%\" y1=\"{0:.2f}%\" y2=\"{0:.2f}%\"/>"
        "<text class=\"axis\" x=\"-8\" y=\"{0:.2f}%\" dy=\".32em\" text-anchor=\"end\">{1}</text>",
        100 * (1 - tick / height), byte_tick(tick));
  }
  for (size_t i = 0; i < memory.blocks.size(); ++i) {
    const MemoryReport::Block& block = memory.blocks[i];
    const double width = 100 * (double{static_cast<double>(block.last)} - block.first + 1) / steps;
    const double tall = 100 * static_cast<double>(block.bytes) / height;
    if (width <= 0 || tall <= 0) {
      continue;
    }
    out += fmt::format(
        "<rect class=\"mark block tint{}\" x=\"{:.3f}%\" y=\"{:.3f}%\" width=\"{:.3f}%\" "
        "height=\"{:.3f}%\"><title>{}\n{}\nat offset {}, steps {} to {}</title></rect>",
        i % 3, 100 * (double{static_cast<double>(block.first)} - first) / steps,
        100 - 100 * static_cast<double>(block.offset) / height - tall, width, tall, escape(shortened(block.name, 80)),
        exact_bytes(block.bytes), grouped(block.offset), block.first, block.last);
  }
  const double peak = 100 * (1 - static_cast<double>(memory.quantized_peak) / height);
  out += fmt::format(
      "<line class=\"limit peak\" x1=\"0\" x2=\"100%\" y1=\"{0:.2f}%\" y2=\"{0:.2f}%\"/>"
      "<text class=\"axis strong\" x=\"100%\" y=\"{0:.2f}%\" dy=\"-7\" text-anchor=\"end\">peak {1}</text>",
      peak, bytes(memory.quantized_peak));
  for (const double tick : ticks(first, last, 6)) {
    if (tick == std::floor(tick)) {
      out += fmt::format("<text class=\"axis\" x=\"{:.3f}%\" y=\"100%\" dy=\"18\" text-anchor=\"middle\">{:.0f}</text>",
                         100 * (tick - first + 0.5) / steps, tick);
    }
  }
  return out +
         "<text class=\"axis strong\" x=\"50%\" y=\"100%\" dy=\"38\" text-anchor=\"middle\">execution "
         "step</text></svg>";
}

}  // namespace dsq::page
