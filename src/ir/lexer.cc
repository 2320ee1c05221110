#include "src/ir/lexer.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <limits>

namespace dsq {
namespace {

bool is_word_char(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool is_name_char(char c) { return is_word_char(c) || c == '.' || c == '/' || c == '-'; }

}  // namespace

void Lexer::skip() {
  while (at_ < text_.size()) {
    if (std::isspace(static_cast<unsigned char>(text_[at_])) != 0) {
      ++at_;
    } else if (text_.substr(at_, 2) == "//") {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else {
      return;
    }
  }
}

bool Lexer::accept(std::string_view punctuation) {
  skip();
  if (text_.substr(at_, punctuation.size()) != punctuation) {
    return false;
  }
  at_ += punctuation.size();
  return true;
}

bool Lexer::accept_word(std::string_view word) {
  skip();
  const size_t end = at_ + word.size();
  if (text_.substr(at_, word.size()) != word || (end < text_.size() && is_word_char(text_[end]))) {
    return false;
  }
  at_ = end;
  return true;
}

Result<void> Lexer::expect(std::string_view punctuation) {
  if (!accept(punctuation)) {
    return error("expected '" + std::string(punctuation) + "'");
  }
  return {};
}

Result<void> Lexer::expect_word(std::string_view word) {
  if (!accept_word(word)) {
    return error("expected '" + std::string(word) + "'");
  }
  return {};
}

Result<void> Lexer::expect_end() {
  skip();
  if (at_ != text_.size()) {
    return error("expected the end of the text");
  }
  return {};
}

bool Lexer::at_string() {
  skip();
  return at_ < text_.size() && text_[at_] == '"';
}

Result<std::string> Lexer::word() {
  skip();
  const size_t begin = at_;
  while (at_ < text_.size() && is_word_char(text_[at_])) {
    ++at_;
  }
  if (at_ == begin) {
    return error("expected a word");
  }
  return std::string(text_.substr(begin, at_ - begin));
}

Result<std::string> Lexer::bare_name() {
  const size_t begin = at_;  // no space between % and the name
  while (at_ < text_.size() && is_name_char(text_[at_])) {
    ++at_;
  }
  if (at_ == begin) {
    return error("expected a name");
  }
  return std::string(text_.substr(begin, at_ - begin));
}

Result<std::string> Lexer::string() {
  DSQ_TRY(expect("\""));
  std::string out;
  while (at_ < text_.size() && text_[at_] != '"') {
    at_ += text_[at_] == '\\' && at_ + 1 < text_.size() ? 1 : 0;
    out += text_[at_++];
  }
  DSQ_TRY(expect("\""));
  return out;
}

Result<int64_t> Lexer::integer() {
  const Number parsed = DSQ_TRY(number());
  return parsed.integer;
}

Result<Lexer::Number> Lexer::number() {
  skip();
  constexpr double kInf = std::numeric_limits<double>::infinity();
  if (accept_word("nan")) {
    return Number{std::numeric_limits<double>::quiet_NaN(), 0};
  }
  if (accept_word("inf")) {
    return Number{kInf, 0};
  }
  if (accept_word("-inf")) {
    return Number{-kInf, 0};
  }
  const char* begin = text_.data() + at_;
  const char* end = text_.data() + text_.size();
  Number out;
  const auto real = std::from_chars(begin, end, out.real);
  if (real.ec != std::errc()) {
    return error("expected a number");
  }
  const auto integer = std::from_chars(begin, end, out.integer);
  if (integer.ec != std::errc() || integer.ptr != real.ptr) {
    uint64_t wide = 0;
    const auto unsigned_integer = std::from_chars(begin, end, wide);
    const bool in_range = out.real > -9.2e18 && out.real < 9.2e18;
    out.integer = unsigned_integer.ec == std::errc() && unsigned_integer.ptr == real.ptr ? static_cast<int64_t>(wide)
                  : in_range ? static_cast<int64_t>(out.real)
                             : 0;
  }
  at_ += static_cast<size_t>(real.ptr - begin);
  return out;
}

size_t Lexer::place() {
  skip();
  return at_;
}

Error Lexer::error(std::string what, size_t place) const {
  const std::string_view before = text_.substr(0, place);
  const auto line = std::ranges::count(before, '\n') + 1;
  const size_t column = before.size() - (before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1) + 1;
  return fail(Code::text_syntax, "{} at line {}, column {}", what, line, column);
}

}  // namespace dsq
