#include "formats/report/markup.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "src/report/metrics.h"
#include "src/support/strings.h"
#include "src/support/utf8.h"

namespace dsq::page {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr std::string_view kEllipsis = "\xE2\x80\xA6";     // U+2026
constexpr std::string_view kThinSpace = "\xE2\x80\xAF";    // U+202F, does not break
constexpr std::string_view kMinus = "\xE2\x88\x92";        // U+2212

size_t characters(std::string_view text) {
  return static_cast<size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

// The byte where character `index` begins.
size_t byte_of(std::string_view text, size_t index) {
  size_t at = 0;
  for (; at < text.size(); ++at) {
    if ((text[at] & 0xC0) != 0x80 && index-- == 0) {
      break;
    }
  }
  return at;
}

std::string signed_text(std::string text) {
  if (text.starts_with('-')) {
    text.replace(0, 1, kMinus);
  }
  return text;
}

}  // namespace

std::string clean(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    uint32_t code = 0;
    const size_t length = utf8_sequence(text, code);
    if (length == 0 || (is_control(code) && code != '\n' && code != '\t')) {
      out += kReplacement;
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  return out;
}

std::string escape(std::string_view text) {
  std::string out;
  for (const char c : clean(text)) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string shortened(std::string_view text, size_t limit) {
  std::string whole = clean(text);
  const size_t length = characters(whole);
  if (length <= limit) {
    return whole;
  }
  const size_t head = (limit - 1) / 3;
  const size_t tail = limit - 1 - head;
  return whole.substr(0, byte_of(whole, head)) + std::string(kEllipsis) + whole.substr(byte_of(whole, length - tail));
}

std::string clipped(std::string_view text, size_t limit) {
  const std::string whole = clean(text);
  return characters(whole) <= limit ? whole : whole.substr(0, byte_of(whole, limit - 1)) + std::string(kEllipsis);
}

std::string sentence(std::string_view phrase, size_t limit) {
  std::string text = clipped(phrase, limit);
  if (!text.empty() && text.front() >= 'a' && text.front() <= 'z') {
    text.front() = static_cast<char>(text.front() - 'a' + 'A');
  }
  const bool ended =
      text.empty() || text.ends_with('.') || text.ends_with('?') || text.ends_with('!') || text.ends_with(kEllipsis);
  return ended ? text : text + ".";
}

std::string name_tag(std::string_view name, size_t limit) {
  if (name.empty()) {
    return "<span class=\"name muted\">(no name)</span>";
  }
  return fmt::format("<span class=\"name\" title=\"{}\"><bdi>{}</bdi></span>", escape(shortened(name, 600)),
                     escape(shortened(name, limit)));
}

std::string figure(double value, int digits) {
  if (!std::isfinite(value)) {
    return "not finite";
  }
  const double size = std::abs(value);
  if (size == 0) {
    return "0";
  }
  if (size < 1e-4 || size >= 1e6) {
    return signed_text(fmt::format("{:.{}g}", value, digits));
  }
  // Digits before the point, of the value as it will be rounded.
  const std::string rounded = fmt::format("{:.{}e}", size, digits - 1);
  const int before = std::stoi(rounded.substr(rounded.find('e') + 1)) + 1;
  std::string text = fmt::format("{:.{}f}", value, std::max(0, digits - before));
  if (text.find('.') != std::string::npos && before <= 0) {
    text.erase(text.find_last_not_of('0') + 1);
  }
  return signed_text(text);
}

std::string percent(double share, int digits) {
  return std::isfinite(share) ? figure(100 * share, digits) + std::string(kThinSpace) + "%" : figure(share);
}

std::string decibel(double db) {
  if (!std::isfinite(db)) {
    return figure(db);
  }
  return db >= kSqnrCapDb ? "no error" : signed_text(fmt::format("{:.1f}", db)) + std::string(kThinSpace) + "dB";
}

std::string grouped(int64_t value) {
  std::string text = std::to_string(value);
  for (int64_t at = static_cast<int64_t>(text.size()) - 3; at > (value < 0 ? 1 : 0); at -= 3) {
    text.insert(static_cast<size_t>(at), kThinSpace);
  }
  return signed_text(text);
}

std::string scaled(int64_t value) {
  constexpr std::string_view kUnits[] = {"", "k", "M", "G", "T", "P"};
  double rest = static_cast<double>(value);
  size_t unit = 0;
  while (std::abs(rest) >= 999.5 && unit + 1 < std::size(kUnits)) {
    rest /= 1000;
    ++unit;
  }
  return unit == 0 ? grouped(value) : figure(rest) + std::string(kThinSpace) + std::string(kUnits[unit]);
}

std::string bytes(int64_t value) {
  constexpr std::string_view kUnits[] = {"B", "kB", "MB", "GB", "TB", "PB"};
  double rest = static_cast<double>(value);
  size_t unit = 0;
  while (std::abs(rest) >= 999.5 && unit + 1 < std::size(kUnits)) {
    rest /= 1000;
    ++unit;
  }
  return fmt::format("{}{}{}", unit == 0 ? grouped(value) : figure(rest), kThinSpace, kUnits[unit]);
}

std::string plain(double value) { return std::abs(value) < 1e-12 ? "0" : signed_text(fmt::format("{:.6g}", value)); }

std::string exact(double value) { return std::isfinite(value) ? signed_text(fmt::format("{}", value)) : "not finite"; }

std::string exact_bytes(int64_t value) { return grouped(value) + (value == 1 ? " byte" : " bytes"); }

std::string plural(int64_t count, std::string_view noun) {
  return fmt::format("{} {}", grouped(count), count == 1 ? std::string(noun) : plural_of(noun));
}

std::string plain_table(const std::string& label, const std::string& head, const std::string& rows) {
  return fmt::format(
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{}\"><table class=\"plain\"><thead><tr>{}</tr>"
      "</thead><tbody>{}</tbody></table></div>",
      label, head, rows);
}

std::string column(const char* name, bool number) {
  return fmt::format("<th scope=\"col\"{}>{}</th>", number ? " class=\"num\"" : "", name);
}

std::string number_cell(const std::string& text, double exactly) {
  return fmt::format("<td class=\"num\" title=\"{}\">{}</td>", exact(exactly), escape(text));
}

}  // namespace dsq::page
