#include "src/data/resize.h"

#include <algorithm>
#include <cmath>

// Compiled here, because the library of that name asserts that weights nearly sum to one before it makes them do so,
// which those of ordinary sizes (0.7 of the picture) do not.
#define STBIR_ASSERT(condition) ((void)0)
#define STB_IMAGE_RESIZE_STATIC
#define STB_IMAGE_RESIZE_IMPLEMENTATION
#include <stb/stb_image_resize.h>

namespace dsq {
namespace {

struct Size {
  int64_t width;
  int64_t height;
};

// stb weighs what lies outside as zero but counts it in the sum of the weights; dividing by what ones come out as leaves
// the weights of the inside alone, which then sum to one.
Result<std::vector<float>> filtered(const std::vector<float>& values, Size from, Size to, int channels, Filter filter) {
  std::vector<float> out(static_cast<size_t>(to.width * to.height * channels));
  const stbir_filter kernel = filter == Filter::bicubic ? STBIR_FILTER_CATMULLROM : STBIR_FILTER_TRIANGLE;
  if (stbir_resize_float_generic(values.data(), static_cast<int>(from.width), static_cast<int>(from.height), 0,
                                 out.data(), static_cast<int>(to.width), static_cast<int>(to.height), 0, channels,
                                 STBIR_ALPHA_CHANNEL_NONE, 0, STBIR_EDGE_ZERO, kernel, STBIR_COLORSPACE_LINEAR,
                                 nullptr) == 0) {
    return fail(Code::out_of_memory, "a picture of {} x {} cannot be resized to {} x {}", from.width, from.height,
                to.width, to.height);
  }
  return out;
}

// One of the two steps: `to` differs from the picture in its width or in its height alone.
Result<void> step(Picture& picture, Size to, Filter filter) {
  const Size from{picture.width, picture.height};
  const bool across = to.width != from.width;
  const std::vector<float> levels(picture.levels.begin(), picture.levels.end());
  const std::vector<float> sums = DSQ_TRY(filtered(levels, from, to, static_cast<int>(picture.channels), filter));
  const std::vector<float> ones(static_cast<size_t>(across ? from.width : from.height), 1.0F);
  const std::vector<float> weights = DSQ_TRY(across ? filtered(ones, {from.width, 1}, {to.width, 1}, 1, filter)
                                                    : filtered(ones, {1, from.height}, {1, to.height}, 1, filter));
  picture.width = to.width;
  picture.height = to.height;
  picture.levels.resize(sums.size());
  for (size_t i = 0; i < sums.size(); ++i) {
    const size_t pixel = i / static_cast<size_t>(picture.channels);
    const auto width = static_cast<size_t>(to.width);
    const float level = sums[i] / weights[across ? pixel % width : pixel / width];
    picture.levels[i] = static_cast<uint8_t>(std::clamp(std::floor(level + 0.5F), 0.0F, 255.0F));
  }
  return {};
}

}  // namespace

Result<Picture> resized(const Picture& picture, int64_t width, int64_t height, Filter filter) {
  DSQ_TRY(check_picture_size(width, height));
  DSQ_TRY(check_picture_size(width, picture.height));
  Picture out = picture;
  if (width != picture.width) {
    DSQ_TRY(step(out, {width, picture.height}, filter));
  }
  if (height != picture.height) {
    DSQ_TRY(step(out, {width, height}, filter));
  }
  return out;
}

}  // namespace dsq
