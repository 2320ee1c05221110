#include "formats/png/png.h"

#include <memory>

#include <spng.h>

namespace dsq::png {

Result<Picture> decode(std::span<const std::byte> bytes) {
  constexpr size_t kMaxChunk = 64 << 20;  // of what is not pixels
  const std::unique_ptr<spng_ctx, void (*)(spng_ctx*)> png(spng_ctx_new(0), spng_ctx_free);
  if (png == nullptr) {
    return fail(Code::out_of_memory, "memory ran out");
  }
  const auto damaged = [](int why) { return fail(Code::data_unreadable, "not a PNG picture: {}", spng_strerror(why)); };
  spng_set_chunk_limits(png.get(), kMaxChunk, kMaxChunk);
  spng_set_image_limits(png.get(), static_cast<uint32_t>(kMaxPixels), static_cast<uint32_t>(kMaxPixels));
  spng_ihdr header{};
  size_t size = 0;
  int status = spng_set_png_buffer(png.get(), bytes.data(), bytes.size());
  status = status == 0 ? spng_get_ihdr(png.get(), &header) : status;
  if (status != 0) {
    return damaged(status);
  }
  DSQ_TRY(check_picture_size(header.width, header.height));
  status = spng_decoded_image_size(png.get(), SPNG_FMT_RGB8, &size);
  if (status != 0) {
    return damaged(status);
  }
  Picture picture{header.width, header.height, 3, std::vector<uint8_t>(size)};
  status = spng_decode_image(png.get(), picture.levels.data(), size, SPNG_FMT_RGB8, 0);
  return status == 0 ? Result<Picture>(std::move(picture)) : Result<Picture>(damaged(status));
}

}  // namespace dsq::png
