// Text in columns and paragraphs. Columns are as wide as their widest cell, numbers to the right.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/console.h"

namespace dsq::cli {

// A name as it may stand in a line: control characters, turns of direction and what is no UTF-8 as \n, \x1B, \u202E.
std::string visible(std::string_view text);
// Columns that a terminal gives it: two for wide characters, none for combining ones.
size_t width_of(std::string_view text);
// visible(), in at most `width` columns (at least 6): the middle gives way, since both ends tell names apart.
std::string shortened(std::string_view text, size_t width);

class Table {
 public:
  // `columns`: headings; one that begins with '>' is aligned to the right.
  explicit Table(std::vector<std::string> columns);
  void add(std::vector<std::string> cells);  // shown as visible()
  bool empty() const { return rows_.empty(); }
  // Two blanks in front, a closing newline. Where lines would be longer than `width` (0: any length) the last column is
  // wrapped, or the widest columns of text are shortened; where that is not enough, each cell has a line of its own.
  std::string text(int width = screen_width()) const;

 private:
  std::string stacked(size_t room) const;  // a line for each cell
  void narrow(std::vector<size_t>& widths, size_t width) const;
  std::vector<std::string> columns_;
  std::vector<bool> right_;
  std::vector<std::vector<std::string>> rows_;
};

// Lines of at most `width` characters, broken at blanks; each begins with `indent` blanks and ends with a newline.
std::string wrapped(std::string_view text, int width, int indent = 0);

// Text whose lines are broken at blanks where they are longer than `width` (0: any length); the rest is indented more.
std::string fitted(std::string_view text, int width = screen_width());

std::string count_text(double value);  // "1.82 M", powers of 1000

}  // namespace dsq::cli
