// Small string helpers: nearest names for suggestions, glob patterns, joining.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dsq {

// `*` matches any run of characters, `?` exactly one, `\x` the character x itself. Linear in the text for patterns without `*`,
// never worse than |pattern| * |text|.
bool glob_match(std::string_view pattern, std::string_view text);
std::string glob_escaped(std::string_view text);  // the pattern that matches this text alone
std::string shell_quoted(std::string_view word);  // 'it'\''s': one word of a POSIX shell
// The inverse: blanks part words, quotes of both kinds and backslashes hold them together. Nothing is expanded.
std::vector<std::string> shell_words(std::string_view text);

// The candidate with the smallest edit distance to `word`, ignoring case; empty when there is none.
std::string nearest(std::string_view word, std::span<const std::string> candidates);

std::vector<std::string> split(std::string_view text, char separator);  // "a,,b" -> a, "", b
std::string lower(std::string_view text);
std::string human_bytes(double bytes);                     // "10.9 MB", powers of 1000
std::string plural_of(std::string_view noun);              // "layers", "axes", "classes", "entries"
std::string plural(int64_t count, std::string_view noun);  // "1 layer", "3 layers"
template <class T>
std::string plural(T count, std::string_view noun) {
  return plural(static_cast<int64_t>(count), noun);
}

}  // namespace dsq
