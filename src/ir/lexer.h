// Tokens of the text form: words, names, numbers, quoted strings and punctuation, with line and column for errors.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "src/support/result.h"

namespace dsq {

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  struct Number {
    double real = 0;
    int64_t integer = 0;  // exact for integers of 64 bits (u64 by wrapping), truncated for reals
  };

  bool accept(std::string_view punctuation);
  bool accept_word(std::string_view word);  // a whole word: not the beginning of a longer one
  Result<void> expect(std::string_view punctuation);
  Result<void> expect_word(std::string_view word);
  Result<void> expect_end();
  bool at_string();
  Result<std::string> word();       // [A-Za-z0-9_]+
  Result<std::string> bare_name();  // [A-Za-z0-9_./-]+
  Result<std::string> string();     // "..." with \" and \\ escaped
  Result<int64_t> integer();
  Result<Number> number();  // also nan, inf, -inf
  size_t place();           // of the next token
  Error error(std::string what) const { return error(std::move(what), at_); }
  Error error(std::string what, size_t place) const;

 private:
  void skip();  // white space and comments
  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace dsq
