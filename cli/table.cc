#include "cli/table.h"

#include <algorithm>

#include <fmt/format.h>

namespace dsq::cli {
namespace {

// Characters, not bytes: continuation bytes of UTF-8 take no place.
size_t width_of(const std::string& text) {
  return static_cast<size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

}  // namespace

Table::Table(std::vector<std::string> columns) : columns_(std::move(columns)) {
  for (std::string& column : columns_) {
    right_.push_back(column.starts_with('>'));
    column.erase(0, right_.back() ? 1 : 0);
  }
}

void Table::add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }

std::string Table::text() const {
  std::vector<size_t> widths;
  for (size_t c = 0; c < columns_.size(); ++c) {
    widths.push_back(width_of(columns_[c]));
    for (const std::vector<std::string>& row : rows_) {
      widths[c] = std::max(widths[c], width_of(row[c]));
    }
  }
  std::string out;
  const auto line = [&](const std::vector<std::string>& cells) {
    std::string text;
    for (size_t c = 0; c < cells.size(); ++c) {
      const std::string padding(widths[c] - width_of(cells[c]), ' ');
      text += "  " + (right_[c] ? padding + cells[c] : cells[c] + padding);
    }
    out += text.substr(0, text.find_last_not_of(' ') + 1) + "\n";
  };
  line(columns_);
  for (const std::vector<std::string>& row : rows_) {
    line(row);
  }
  return out;
}

std::string count_text(double value) {
  for (const char* unit : {"", " k", " M", " G"}) {
    if (value < 1000) {
      return *unit == '\0' ? fmt::format("{:.0f}", value) : fmt::format("{:.3g}{}", value, unit);
    }
    value /= 1000;
  }
  return fmt::format("{:.4g} T", value);
}

}  // namespace dsq::cli
