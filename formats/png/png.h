// PNG pictures.
#pragma once

#include <cstddef>
#include <span>

#include "src/data/picture.h"

namespace dsq::png {

// Every colour type and depth, interlaced or not, as three channels of 8 bits: of 16 bits the upper 8, palettes looked
// up, alpha and gamma left out. Errors: data_unreadable (damage, an early end, too many pixels).
Result<Picture> decode(std::span<const std::byte> bytes);

}  // namespace dsq::png
