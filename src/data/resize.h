// Pictures in another size, as Pillow makes them: the filter covers all pixels that a new one stands for, so that
// nothing aliases; what lies outside the picture has no weight; columns and rows one after the other, each rounded.
#pragma once

#include "src/data/picture.h"

namespace dsq {

enum class Filter { none, bilinear, bicubic };  // bicubic: Catmull-Rom (a = -0.5)

// Errors: data_unreadable for a size that is not allowed, out_of_memory.
Result<Picture> resized(const Picture& picture, int64_t width, int64_t height, Filter filter);

}  // namespace dsq
