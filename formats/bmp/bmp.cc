#include "formats/bmp/bmp.h"

#include <climits>
#include <cstring>
#include <memory>

#include <stb/stb_image.h>

namespace dsq::bmp {
namespace {

int64_t number_at(std::span<const std::byte> bytes, size_t at, size_t width) {
  uint32_t value = 0;
  if (at + width <= bytes.size()) {
    std::memcpy(&value, bytes.data() + at, width);
  }
  return value;
}

// Where the pixels end; stb takes what is missing there as black. Rows take multiples of four bytes.
int64_t pixels_end(std::span<const std::byte> bytes, int64_t width, int64_t height) {
  const bool old = number_at(bytes, 14, 4) == 12;  // OS/2's header
  const int64_t bits = number_at(bytes, old ? 24 : 28, 2);
  return number_at(bytes, 10, 4) + (width * bits + 31) / 32 * 4 * height;
}

}  // namespace

Result<Picture> decode(std::span<const std::byte> bytes) {
  const auto damaged = [](const char* why) { return fail(Code::data_unreadable, "not a BMP picture: {}", why); };
  if (bytes.size() < 2 || bytes[0] != std::byte{'B'} || bytes[1] != std::byte{'M'} || bytes.size() > INT_MAX) {
    return damaged("another signature");  // stb reads other formats too
  }
  const auto* data = reinterpret_cast<const stbi_uc*>(bytes.data());
  const auto size = static_cast<int>(bytes.size());
  int width = 0;
  int height = 0;
  int channels = 0;
  if (stbi_info_from_memory(data, size, &width, &height, &channels) == 0) {
    return damaged(stbi_failure_reason());
  }
  DSQ_TRY(check_picture_size(width, height));
  if (pixels_end(bytes, width, height) > static_cast<int64_t>(bytes.size())) {
    return damaged("it ends early");
  }
  const std::unique_ptr<stbi_uc, void (*)(void*)> levels(
      stbi_load_from_memory(data, size, &width, &height, &channels, 3), stbi_image_free);
  if (levels == nullptr) {
    return damaged(stbi_failure_reason());
  }
  const size_t count = static_cast<size_t>(width) * static_cast<size_t>(height) * 3;
  return Picture{width, height, 3, std::vector<uint8_t>(levels.get(), levels.get() + count)};
}

}  // namespace dsq::bmp
