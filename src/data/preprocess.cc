#include "src/data/preprocess.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/ranges.h>

namespace dsq {
namespace {

// ITU-R 601-2 in 16 bits, as Pillow's convert("L").
Picture as_grey(const Picture& picture) {
  Picture grey{picture.width, picture.height, 1, {}};
  grey.levels.resize(picture.levels.size() / 3);
  for (size_t i = 0; i < grey.levels.size(); ++i) {
    const uint8_t* rgb = picture.levels.data() + 3 * i;
    grey.levels[i] = static_cast<uint8_t>((rgb[0] * 19595U + rgb[1] * 38470U + rgb[2] * 7471U + 0x8000U) >> 16U);
  }
  return grey;
}

Picture as_colour(const Picture& picture) {
  Picture colour{picture.width, picture.height, 3, {}};
  colour.levels.reserve(picture.levels.size() * 3);
  for (const uint8_t level : picture.levels) {
    colour.levels.insert(colour.levels.end(), 3, level);
  }
  return colour;
}

// A window of width x height whose upper left corner lies at (left, top) of the picture; what is outside gets `pad`.
Picture window(const Picture& picture, int64_t left, int64_t top, int64_t width, int64_t height, uint8_t pad) {
  Picture out{width, height, picture.channels, {}};
  out.levels.assign(static_cast<size_t>(width * height * picture.channels), pad);
  const int64_t from = std::max<int64_t>(left, 0);
  const int64_t to = std::min(left + width, picture.width);
  for (int64_t y = std::max<int64_t>(top, 0); y < std::min(top + height, picture.height) && from < to; ++y) {
    const uint8_t* row = picture.levels.data() + (y * picture.width + from) * picture.channels;
    std::copy_n(row, (to - from) * picture.channels,
                out.levels.data() + ((y - top) * width + from - left) * picture.channels);
  }
  return out;
}

Result<Picture> scaled(Picture picture, int64_t width, int64_t height, Filter filter) {
  return filter == Filter::none ? Result<Picture>(std::move(picture)) : resized(picture, width, height, filter);
}

// As torchvision: the longer side is rounded down, the crop's corner to the nearest even.
Result<Picture> cropped(Picture picture, const Preprocess& how) {
  const auto width = static_cast<double>(picture.width);
  const auto height = static_cast<double>(picture.height);
  const double factor =
      how.shorter_side > 0 ? static_cast<double>(how.shorter_side) / std::min(width, height)
                           : std::max(static_cast<double>(how.width) / width, static_cast<double>(how.height) / height);
  const auto side = [&](double length, int64_t least) {
    const auto rounded = static_cast<int64_t>(std::floor(length * factor + 1e-9));
    return std::max(rounded, how.shorter_side > 0 ? int64_t{1} : least);
  };
  const int64_t new_width = side(width, how.width);
  const int64_t new_height = side(height, how.height);
  picture = DSQ_TRY(scaled(std::move(picture), new_width, new_height, how.filter));
  if (picture.width < how.width || picture.height < how.height) {
    return fail(Code::data_mismatch, "{} x {} pixels are too few for a crop of {} x {}", picture.width, picture.height,
                how.width, how.height);
  }
  const auto corner = [](int64_t all, int64_t part) { return std::lrint(static_cast<double>(all - part) / 2); };
  return window(picture, corner(picture.width, how.width), corner(picture.height, how.height), how.width, how.height,
                0);
}

Result<Picture> letterboxed(Picture picture, const Preprocess& how) {
  const double factor = std::min(static_cast<double>(how.width) / static_cast<double>(picture.width),
                                 static_cast<double>(how.height) / static_cast<double>(picture.height));
  const auto side = [&](int64_t length, int64_t most) {
    return std::clamp<int64_t>(std::lrint(static_cast<double>(length) * factor), 1, most);
  };
  const int64_t new_width = side(picture.width, how.width);
  const int64_t new_height = side(picture.height, how.height);
  picture = DSQ_TRY(scaled(std::move(picture), new_width, new_height, how.filter));
  if (picture.width > how.width || picture.height > how.height) {
    return fail(Code::data_mismatch, "{} x {} pixels are too many for {} x {}", picture.width, picture.height,
                how.width, how.height);
  }
  const int64_t left = (how.width - picture.width) / 2;
  const int64_t top = (how.height - picture.height) / 2;
  return window(picture, -left, -top, how.width, how.height, how.pad);
}

Result<Picture> sized(Picture picture, const Preprocess& how) {
  if (how.height == 0 || (picture.width == how.width && picture.height == how.height && how.shorter_side == 0)) {
    return picture;
  }
  if (how.fit == Fit::crop) {
    return cropped(std::move(picture), how);
  }
  if (how.fit == Fit::letterbox) {
    return letterboxed(std::move(picture), how);
  }
  if (how.filter == Filter::none) {
    return fail(Code::data_mismatch, "the picture has {} x {} pixels, the model takes {} x {}", picture.width,
                picture.height, how.width, how.height)
        .hint("--resize bilinear resizes it; --fit crop or letterbox cuts or pads it");
  }
  return resized(picture, how.width, how.height, how.filter);
}

// Levels to numbers, each channel by a table.
template <class T, class Number>
Tensor laid_out(const Picture& picture, const Preprocess& how, Number number) {
  const int64_t channels = picture.channels;
  const int64_t pixels = picture.width * picture.height;
  const Shape shape = how.layout == AxisOrder::nchw   ? Shape{1, channels, picture.height, picture.width}
                      : how.layout == AxisOrder::nhwc ? Shape{1, picture.height, picture.width, channels}
                      : how.layout == AxisOrder::nhw  ? Shape{1, picture.height, picture.width}
                                                      : Shape{1, pixels};
  Tensor tensor(dtype_of<T>(), shape);
  T* to = tensor.mutable_values<T>().data();
  for (int64_t c = 0; c < channels; ++c) {
    std::array<T, 256> table{};
    for (size_t level = 0; level < table.size(); ++level) {
      table[level] = number(static_cast<double>(level), static_cast<size_t>(c));
    }
    const int64_t from = how.color == Color::bgr ? channels - 1 - c : c;
    const bool planes = how.layout == AxisOrder::nchw;
    for (int64_t i = 0; i < pixels; ++i) {
      to[planes ? c * pixels + i : i * channels + c] = table[picture.levels[static_cast<size_t>(i * channels + from)]];
    }
  }
  return tensor;
}

}  // namespace

Result<Tensor> preprocessed(Picture picture, const Preprocess& how) {
  if (how.color == Color::grey && picture.channels == 3) {
    picture = as_grey(picture);
  }
  picture = DSQ_TRY(sized(std::move(picture), how));
  if (how.color != Color::grey && picture.channels == 1) {
    picture = as_colour(picture);
  }
  if (how.levels) {
    return laid_out<uint8_t>(picture, how, [](double level, size_t) { return static_cast<uint8_t>(level); });
  }
  return laid_out<float>(picture, how, [&](double level, size_t c) {
    return static_cast<float>((level * how.scale - how.mean[c]) / how.std[c]);
  });
}

std::string describe(const Preprocess& how) {
  constexpr std::array kFilters = {"not resized", "bilinear", "bicubic"};
  constexpr std::array kColors = {"RGB", "BGR", "grey"};
  constexpr std::array kLayouts = {"NCHW", "NHWC", "NHW", "flat"};
  std::string text = kFilters[static_cast<size_t>(how.filter)];
  if (how.height > 0 && how.fit == Fit::crop) {
    text += how.shorter_side > 0 ? fmt::format(" to {} (shorter side)", how.shorter_side) : "";
    text += fmt::format(", centre crop {} x {}", how.width, how.height);
  } else if (how.height > 0) {
    text += fmt::format(" to {} x {}", how.width, how.height);
    text += how.fit == Fit::letterbox ? fmt::format(" with bars of {}", how.pad) : "";
  }
  text += fmt::format(", {}, {}, ", kColors[static_cast<size_t>(how.color)], kLayouts[static_cast<size_t>(how.layout)]);
  if (how.levels) {
    return text + "levels 0 to 255";
  }
  const std::string scaled = how.scale == 1.0           ? "x"
                             : how.scale == 1.0 / 255   ? "x / 255"
                             : how.scale == 1.0 / 127.5 ? "x / 127.5"
                                                        : fmt::format("x * {:.6g}", how.scale);
  const auto all = [](const std::vector<double>& values, double neutral) {
    return std::ranges::all_of(values, [&](double v) { return v == neutral; });
  };
  if (all(how.mean, 0) && all(how.std, 1)) {
    return text + scaled;
  }
  return text + fmt::format("({} - {}) / {}", scaled, how.mean, how.std);
}

}  // namespace dsq
