#include "formats/jpeg/orientation.h"

#include <algorithm>
#include <memory>

#include <libexif/exif-data.h>

namespace dsq::jpeg {

int orientation_of(std::span<const std::byte> file) {
  const size_t head = std::min<size_t>(file.size(), 1 << 20);  // EXIF comes first, in at most 64 KB
  const std::unique_ptr<ExifData, void (*)(ExifData*)> data(
      exif_data_new_from_data(reinterpret_cast<const unsigned char*>(file.data()), static_cast<unsigned>(head)),
      exif_data_unref);
  const ExifEntry* entry =
      data == nullptr ? nullptr : exif_content_get_entry(data->ifd[EXIF_IFD_0], EXIF_TAG_ORIENTATION);
  if (entry == nullptr || entry->format != EXIF_FORMAT_SHORT || entry->size < 2) {
    return 1;
  }
  const int value = exif_get_short(entry->data, exif_data_get_byte_order(data.get()));
  return value >= 1 && value <= 8 ? value : 1;
}

Picture upright(Picture picture, int orientation) {
  if (orientation == 1) {
    return picture;
  }
  const bool swapped = orientation >= 5;  // rows become columns
  Picture out = picture;
  out.width = swapped ? picture.height : picture.width;
  out.height = swapped ? picture.width : picture.height;
  const bool from_right = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool from_below = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  uint8_t* to = out.levels.data();
  for (int64_t y = 0; y < out.height; ++y) {
    for (int64_t x = 0; x < out.width; ++x) {
      const int64_t column = swapped ? y : x;
      const int64_t row = swapped ? x : y;
      const int64_t from_x = from_right ? picture.width - 1 - column : column;
      const int64_t from_y = from_below ? picture.height - 1 - row : row;
      const uint8_t* from = picture.levels.data() + (from_y * picture.width + from_x) * picture.channels;
      to = std::copy_n(from, picture.channels, to);
    }
  }
  return out;
}

}  // namespace dsq::jpeg
