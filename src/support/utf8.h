// UTF-8 as it comes from models: decoded step by step, valid or not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace dsq {

// The length of the valid UTF-8 sequence at the front (Unicode 15, table 3-7), or 0. The code point goes to `code`.
size_t utf8_sequence(std::string_view text, uint32_t& code);

// Control characters, and those that turn the direction of the text around them.
bool is_control(uint32_t code);

}  // namespace dsq
