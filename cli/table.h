// Columns of text: as wide as their widest cell, numbers to the right.
#pragma once

#include <string>
#include <vector>

namespace dsq::cli {

class Table {
 public:
  // `columns`: headings; one that begins with '>' is aligned to the right.
  explicit Table(std::vector<std::string> columns);
  void add(std::vector<std::string> cells);
  bool empty() const { return rows_.empty(); }
  std::string text() const;  // two blanks in front, a closing newline

 private:
  std::vector<std::string> columns_;
  std::vector<bool> right_;
  std::vector<std::vector<std::string>> rows_;
};

std::string count_text(double value);  // "1.82 M", powers of 1000

}  // namespace dsq::cli
