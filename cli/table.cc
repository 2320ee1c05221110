#include "cli/table.h"

#include <algorithm>
#include <cwchar>

#include <fmt/format.h>

#include "src/support/utf8.h"

namespace dsq::cli {
namespace {

// Calls f(text of the character, columns that it takes) for each; what is no UTF-8 goes byte by byte.
template <class F>
void each_character(std::string_view text, F f) {
  while (!text.empty()) {
    uint32_t code = 0;
    const size_t length = utf8_sequence(text, code);
    const int columns = length == 0 ? 1 : ::wcwidth(static_cast<wchar_t>(code));
    f(text.substr(0, std::max<size_t>(length, 1)), static_cast<size_t>(columns < 0 ? 1 : columns));
    text.remove_prefix(std::max<size_t>(length, 1));
  }
}

}  // namespace

std::string visible(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    uint32_t code = 0;
    const size_t length = utf8_sequence(text, code);
    if (length == 0) {
      out += fmt::format("\\x{:02X}", static_cast<unsigned char>(text.front()));
    } else if (is_control(code)) {
      out += code == '\n'   ? "\\n"
             : code == '\t' ? "\\t"
             : code < 0x100 ? fmt::format("\\x{:02X}", code)
                            : fmt::format("\\u{:04X}", code);
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  return out;
}

size_t width_of(std::string_view text) {
  size_t width = 0;
  each_character(text, [&](std::string_view, size_t columns) { width += columns; });
  return width;
}

std::string shortened(std::string_view text, size_t width) {
  const std::string whole = visible(text);
  const size_t have = width_of(whole);
  if (have <= width) {
    return whole;
  }
  const size_t head = (width - 1) / 3;
  const size_t tail = have - (width - 1 - head);  // the column where the tail begins
  std::string front;
  std::string back;
  size_t at = 0;
  each_character(whole, [&](std::string_view character, size_t columns) {
    if (at + columns <= head) {
      front += character;
    } else if (at >= tail) {
      back += character;
    }
    at += columns;
  });
  return front + "\xE2\x80\xA6" + back;
}

Table::Table(std::vector<std::string> columns) : columns_(std::move(columns)) {
  for (std::string& column : columns_) {
    right_.push_back(column.starts_with('>'));
    column.erase(0, right_.back() ? 1 : 0);
  }
}

void Table::add(std::vector<std::string> cells) {
  std::ranges::transform(cells, cells.begin(), visible);
  rows_.push_back(std::move(cells));
}

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

std::string Table::stacked(size_t room) const {
  size_t head = 0;
  for (const std::string& column : columns_) {
    head = std::max(head, width_of(column));
  }
  const size_t rest = std::max<size_t>(room - std::min(room, head + 6), 6);
  std::string out;
  for (const std::vector<std::string>& cells : rows_) {
    out += "  " + shortened(cells[0], std::max<size_t>(room - 2, 6)) + "\n";
    for (size_t c = 1; c < cells.size(); ++c) {
      out += cells[c].empty() ? ""
                              : fmt::format("    {}{}  {}\n", columns_[c],
                                            std::string(head - width_of(columns_[c]), ' '), shortened(cells[c], rest));
    }
  }
  return out;
}

std::string Table::text(int width) const {
  constexpr size_t kWidest = 60;  // of a column that others follow
  std::vector<size_t> widths;
  for (size_t c = 0; c < columns_.size(); ++c) {
    widths.push_back(width_of(columns_[c]));
    for (const std::vector<std::string>& row : rows_) {
      widths[c] = std::max(widths[c], width_of(row[c]));
    }
    widths[c] = c + 1 < columns_.size() ? std::min(widths[c], kWidest) : widths[c];
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
    size_t line = 2 * widths.size();
    for (const size_t each : widths) {
      line += each;
    }
    if (line > room) {
      return stacked(room);
    }
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
