// How a camera was held: EXIF's orientation.
#pragma once

#include <cstddef>
#include <span>

#include "src/data/picture.h"

namespace dsq::jpeg {

// 1 to 8; 1 (upright) where a file says nothing, or nonsense.
int orientation_of(std::span<const std::byte> file);

// The picture upright.
Picture upright(Picture picture, int orientation);

}  // namespace dsq::jpeg
