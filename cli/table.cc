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

// Without its middle: the ends of names tell them apart.
std::string shortened(const std::string& text, size_t width) {
  const size_t have = width_of(text);
  if (have <= width) {
    return text;
  }
  const auto bytes = [&](size_t characters) {  // of the first characters
    size_t at = 0;
    for (; at < text.size() && (characters > 0 || (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80); ++at) {
      characters -= (static_cast<unsigned char>(text[at]) & 0xC0) != 0x80 ? 1 : 0;
    }
    return at;
  };
  const size_t tail = (width - 2) / 2;
  return text.substr(0, bytes(width - 2 - tail)) + ".." + text.substr(bytes(have - tail));
}

}  // namespace

Table::Table(std::vector<std::string> columns) : columns_(std::move(columns)) {
  for (std::string& column : columns_) {
    right_.push_back(column.starts_with('>'));
    column.erase(0, right_.back() ? 1 : 0);
  }
}

void Table::add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }

// Takes from the widest columns of text until the line fits, or nothing more can be taken.
void Table::narrow(std::vector<size_t>& widths, size_t width) const {
  constexpr size_t kNarrowest = 6;
  size_t line = 2 * widths.size();
  for (const size_t each : widths) {
    line += each;
  }
  for (; line > width; --line) {
    size_t* widest = nullptr;
    for (size_t c = 0; c < widths.size(); ++c) {
      widest = right_[c] || (widest != nullptr && widths[c] <= *widest) ? widest : &widths[c];
    }
    if (widest == nullptr || *widest <= kNarrowest) {
      return;
    }
    --*widest;
  }
}

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
  constexpr size_t kParagraph = 24;
  const size_t room = width > 0 ? static_cast<size_t>(width) : std::string::npos;
  const bool wraps = width > 0 && !right_.back() && before + kParagraph <= room && before + widths.back() > room &&
                     widths.back() > kParagraph;
  if (!wraps) {
    narrow(widths, room);
  }
  std::string out;
  for (size_t r = 0; r <= rows_.size(); ++r) {
    const std::vector<std::string>& cells = r == 0 ? columns_ : rows_[r - 1];
    std::string text;
    for (size_t c = 0; c < cells.size(); ++c) {
      if (wraps && c + 1 == cells.size()) {
        text += "  " + wrapped(cells[c], width, static_cast<int>(before)).substr(before);
        text.pop_back();
        continue;
      }
      const std::string cell = shortened(cells[c], widths[c]);
      const std::string padding(widths[c] - width_of(cell), ' ');
      text += "  " + (right_[c] ? padding + cell : cell + padding);
    }
    out += text.substr(0, text.find_last_not_of(' ') + 1) + "\n";
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

std::string fitted(std::string_view text, int width) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    const size_t indent = std::min(line.find_first_not_of(' '), line.size());
    if (width > 0 && width_of(line) > static_cast<size_t>(width)) {
      const int more = static_cast<int>(indent) + 2;
      out += std::string(indent, ' ') + wrapped(line.substr(indent), width, more).substr(static_cast<size_t>(more));
    } else {
      out += std::string(line) + (end < text.size() ? "\n" : "");
    }
    at = end + 1;
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
