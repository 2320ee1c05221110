// JPEG pictures.
#pragma once

#include <cstddef>
#include <span>

#include "src/data/picture.h"

namespace dsq::jpeg {

// Baseline and progressive, colour or grey; always as three channels. Turned as the EXIF orientation says, as viewers
// show it. Errors: data_unreadable (damage, an early end, CMYK, too many pixels or scans).
Result<Picture> decode(std::span<const std::byte> bytes);

}  // namespace dsq::jpeg
