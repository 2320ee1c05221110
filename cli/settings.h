// A file of settings: TOML, flat, `key = value`. Knows nothing about options; any bytes give settings or an error.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "src/support/result.h"

namespace dsq::cli {

struct Setting {
  enum class Kind : uint8_t { text, number, boolean, list, numbers };
  std::string key;
  Kind kind = Kind::text;
  std::vector<std::string>
      values;        // one, but for lists and numbers; "true" and "false"; numbers so that they read back exactly
  int64_t line = 0;  // from 1
};

// In the order of the lines. Errors: text_syntax with line and column in `where`, for what is not TOML, a key given
// twice, tables, dates, numbers that are not finite, lists of anything but strings or numbers, empty strings and control characters.
Result<std::vector<Setting>> parse_settings(std::string_view text);

// A string as TOML writes it, with its quotes.
std::string toml_string(std::string_view text);

}  // namespace dsq::cli
