// The page's charts as inline SVG. They need no script: positions are percentages of the box, so that a chart fits any
// width while its text keeps its size, and every mark carries its exact figures in a <title>.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "src/report/report.h"

namespace dsq::page {

// ---- horizontal stacked bars ----

struct Segment {
  std::string label;
  int64_t bytes = 0;
  int colour = 0;  // 0..5: the classes .c0 to .c5 of page.css
};
// One bar; its full width stands for `scale` bytes.
std::string stacked_bar(const std::vector<Segment>& segments, int64_t scale, const std::string& description);

// ---- one value for each layer ----

struct Bar {
  std::string name;
  double value = 0;                                        // >= 0; what is not finite is drawn to the top
  double mark = std::numeric_limits<double>::quiet_NaN();  // a second value, as a tick; NaN: none
  std::string label;                                       // "0.98 %"
  std::string tip;                                         // exact figures
  bool flagged = false;                                    // drawn in the warning colour
};
// Largest first, stable.
void sort_bars(std::vector<Bar>& bars);
// All bars side by side. `limit` draws a line; NaN: none. Values are shares and the axis is in percent.
std::string overview_chart(const std::vector<Bar>& bars, double limit, const std::string& description);
// The first `count` bars with their names, one below another.
std::string named_bars(const std::vector<Bar>& bars, size_t count);

// ---- outputs ----

// Float value against quantized value, with the line on which they are equal. Pairs that are not finite are left out.
std::string scatter(const OutputReport& output);

// ---- plans ----

// The hull of plans: the share of multiplications at the asked precision against predicted noise, in dB below the output.
std::string hull(const std::vector<PlanReport>& plans, const std::string& description);

// ---- a layer's input ----

// Counts of values over their range, on a scale of roots so that tails show, with the points between which they are
// quantized.
std::string histogram(const InputReport& input, const std::string& description);

// ---- memory ----

// Blocks over execution steps and addresses.
std::string memory_plan(const MemoryReport& memory);

// Steps of 1, 2 or 5 times a power of ten that cut [low, high] into about `count` parts: the multiples within.
std::vector<double> ticks(double low, double high, int count);

}  // namespace dsq::page
