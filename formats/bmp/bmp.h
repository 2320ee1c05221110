// BMP pictures.
#pragma once

#include <cstddef>
#include <span>

#include "src/data/picture.h"

namespace dsq::bmp {

// Uncompressed ones of 1 to 32 bits a pixel, as three channels; alpha is left out.
// Errors: data_unreadable (damage, an early end, run-length coding, too many pixels).
Result<Picture> decode(std::span<const std::byte> bytes);

}  // namespace dsq::bmp
