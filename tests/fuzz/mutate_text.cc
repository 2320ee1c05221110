// Token-aware mutation of texts, of graphs and of settings: tokens are dropped, doubled, swapped, and replaced by others of the text or of
// the dictionary below; lines move as a whole.
#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>
#include <string_view>

#include "src/ir/op_kind.h"
#include "tests/fuzz/mutate.h"

namespace dsq::fuzz {
namespace {

// clang-format off
constexpr auto kTokens = std::to_array<std::string_view>({
    "graph", "stage", "=", "(", ")", "{", "}", "[", "]", ",", ":", "->", "%", "_", "@", "const", "fill(1)", "fill(nan)", "rand(seed=1)", "any", "hex\"00\"",
    "spec(u4, axis=1, group=0, symmetric, range=calibrated)", "quant(axis=0, group=0, scale={0.5})", "quant(axis=-1, group=0, scale={0.1}, zero={3})",
    "float", "planned", "calibrated", "quantized", "lowered", "f32", "f16", "f64", "bf16", "i4", "u4", "i8", "u8", "i32", "i64", "bool", "?", "*",
    "axis", "axes", "pads", "strides", "dilations", "group", "to", "perm", "act=clip", "mode", "nan", "inf", "-inf", "1e30", "-1",
    R"(weights = "int8")", R"(act = 'int4')", R"(keep = ["a", 'b'])", "batch = 0x10", R"(""")", "\'\'\'", R"("\u00e9")", "1979-05-27", "#", ".",
    "9223372036854775807", "-9223372036854775808", "4611686018427387904", "65536", "true", "false"});
// clang-format on

// White space stays with the token behind it, so that joining gives the text back.
std::vector<std::string> tokens_of(std::string_view text) {
  const auto is_word = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '%';
  };
  std::vector<std::string> tokens;
  for (size_t at = 0; at < text.size();) {
    size_t end = at;
    while (end < text.size() && std::isspace(static_cast<unsigned char>(text[end])) != 0) {
      ++end;
    }
    const size_t word = end;
    while (end < text.size() && is_word(text[end])) {
      ++end;
    }
    end += end == word && end < text.size() ? 1 : 0;
    tokens.emplace_back(text.substr(at, end - at));
    at = end;
  }
  return tokens;
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return lines;
}

void edit_token(std::vector<std::string>& tokens, Dice& dice) {
  std::string& token = dice.pick(tokens);
  const bool digit = std::ranges::any_of(token, [](unsigned char c) { return std::isdigit(c) != 0; });
  switch (dice.below(7)) {
    case 0: token = " " + std::string(dice.pick(kTokens)); break;
    case 1: token = " " + std::string(name_of(static_cast<OpKind>(dice.below(kOpKinds)))); break;
    case 2: dice.shuffle(tokens); break;
    case 3:
    case 4: token = digit ? " " + std::to_string(dice.integer()) : std::string(dice.pick(tokens)); break;
    case 5: token = digit ? std::string(dice.pick(tokens)) : token + " " + std::string(dice.pick(kTokens)); break;
    default: token = std::string(dice.pick(tokens)); break;
  }
}

std::string joined(const std::vector<std::string>& pieces) {
  std::string text;
  for (const std::string& piece : pieces) {
    text += piece;
  }
  return text;
}

std::string edited(std::string_view text, Dice& dice) {
  std::vector<std::string> pieces = dice.one_in(5) ? lines_of(text) : tokens_of(text);
  const bool lines = pieces.size() > 1 && pieces[0].ends_with('\n');
  for (size_t edits = 1 + dice.below(4); edits > 0 && !pieces.empty(); --edits) {
    lines ? dice.shuffle(pieces) : edit_token(pieces, dice);
  }
  return joined(pieces);
}

}  // namespace
}  // namespace dsq::fuzz

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  dsq::fuzz::Dice dice(seed);
  if (dice.one_in(16) || size == 0) {
    return LLVMFuzzerMutate(data, size, max_size);
  }
  const std::string text = dsq::fuzz::edited({reinterpret_cast<const char*>(data), size}, dice);
  const size_t stored = std::min(text.size(), max_size);
  std::memcpy(data, text.data(), stored);
  return stored;
}
