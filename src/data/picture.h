// A decoded picture: 8 bits a channel, rows from top to bottom, channels side by side.
#pragma once

#include <cstdint>
#include <vector>

#include "src/support/result.h"

namespace dsq {

struct Picture {
  int64_t width = 0;
  int64_t height = 0;
  int64_t channels = 3;  // 3: red, green, blue; 1: grey
  std::vector<uint8_t> levels;
};

// What is not decoded: a file of a few bytes can claim any size.
inline constexpr int64_t kMaxPixels = int64_t{1} << 26;

// Errors: data_unreadable for sides below 1 and for more than kMaxPixels.
inline Result<void> check_picture_size(int64_t width, int64_t height) {
  if (width < 1 || height < 1 || width > kMaxPixels || height > kMaxPixels || width * height > kMaxPixels) {
    return fail(Code::data_unreadable, "a picture of {} x {} is not read; up to {} pixels are", width, height,
                kMaxPixels);
  }
  return {};
}

}  // namespace dsq
