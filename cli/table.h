// Text in columns and paragraphs. Columns are as wide as their widest cell, numbers to the right.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dsq::cli {

class Table {
 public:
  // `columns`: headings; one that begins with '>' is aligned to the right.
  explicit Table(std::vector<std::string> columns);
  void add(std::vector<std::string> cells);
  bool empty() const { return rows_.empty(); }
  // Two blanks in front, a closing newline. `width`: the last column is wrapped where lines would be longer; 0: never.
  std::string text(int width = 0) const;

 private:
  std::vector<std::string> columns_;
  std::vector<bool> right_;
  std::vector<std::vector<std::string>> rows_;
};

// Lines of at most `width` characters, broken at blanks; each begins with `indent` blanks and ends with a newline.
std::string wrapped(std::string_view text, int width, int indent = 0);

std::string count_text(double value);  // "1.82 M", powers of 1000

}  // namespace dsq::cli
