#include "cli/table.h"

#include <algorithm>

#include <fmt/format.h>

namespace dsq::cli {
namespace {

// Characters, not bytes: continuation bytes of UTF-8 take no place.
size_t width_of(std::string_view text) {
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

std::string Table::text(int width) const {
  std::vector<size_t> widths;
  for (size_t c = 0; c < columns_.size(); ++c) {
    widths.push_back(width_of(columns_[c]));
    for (const std::vector<std::string>& row : rows_) {
      widths[c] = std::max(widths[c], width_of(row[c]));
    }
  }
  size_t before = 2;  // where the last column begins
  for (size_t c = 0; c + 1 < columns_.size(); ++c) {
    before += widths[c] + 2;
  }
  constexpr size_t kNarrowest = 24;
  const bool wraps = width > 0 && !right_.back() && before + kNarrowest <= static_cast<size_t>(width);
  std::string out;
  const auto line = [&](const std::vector<std::string>& cells) {
    std::string text;
    for (size_t c = 0; c < cells.size(); ++c) {
      const bool last = c + 1 == cells.size();
      const std::string padding(last && !right_[c] ? 0 : widths[c] - width_of(cells[c]), ' ');
      text += "  " + (right_[c] ? padding + cells[c] : cells[c] + padding);
    }
    if (wraps && width_of(text) > static_cast<size_t>(width)) {
      const size_t head = text.size() - cells.back().size();  // bytes
      text = text.substr(0, head) + wrapped(cells.back(), width, static_cast<int>(before)).substr(before);
      text.pop_back();
    }
    out += text.substr(0, text.find_last_not_of(' ') + 1) + "\n";
  };
  line(columns_);
  for (const std::vector<std::string>& row : rows_) {
    line(row);
  }
  return out;
}

std::string wrapped(std::string_view text, int width, int indent) {
  const std::string margin(static_cast<size_t>(indent), ' ');
  const size_t room = static_cast<size_t>(std::max(width - indent, 1));
  std::string out;
  std::string line;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(' ', at), text.size());
    const std::string_view word = text.substr(at, end - at);
    if (!line.empty() && width_of(line) + 1 + width_of(word) > room) {
      out += margin + line + "\n";
      line.clear();
    }
    line += (line.empty() ? "" : " ") + std::string(word);
    at = end + 1;
  }
  return out + margin + line + "\n";
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
