// What a user says of pictures: as words, and together with what the model's input says.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include <fmt/ranges.h>

#include "src/data/preprocess.h"
#include "src/support/strings.h"

namespace dsq {
namespace {

constexpr std::array<std::string_view, 3> kPresets = {"imagenet", "unit", "minus1to1"};
constexpr std::array<std::string_view, 3> kFilters = {"none", "bilinear", "bicubic"};
constexpr std::array<std::string_view, 3> kFits = {"stretch", "crop", "letterbox"};
constexpr std::array<std::string_view, 3> kColors = {"rgb", "bgr", "grey"};
constexpr std::array<std::string_view, 2> kLayouts = {"nchw", "nhwc"};

template <class E, size_t N>
Result<void> take_choice(std::string_view flag, const std::string& value, const std::array<std::string_view, N>& names,
                         std::optional<E>& to) {
  const auto found = std::ranges::find(names, value);
  if (found == names.end()) {
    const std::vector<std::string> list(names.begin(), names.end());
    return fail(Code::usage, "'{}' is not one of {}; nearest is '{}'", value, fmt::join(names, "|"),
                nearest(value, list))
        .at("--" + std::string(flag));
  }
  to = static_cast<E>(found - names.begin());
  return {};
}

// A number, or a quotient of two: 1/255.
std::optional<double> number_from(std::string_view text) {
  const size_t slash = text.find('/');
  double value = 0;
  const std::string_view first = text.substr(0, slash);
  const auto [end, error] = std::from_chars(first.data(), first.data() + first.size(), value);
  if (error != std::errc() || end != first.data() + first.size() || !std::isfinite(value)) {
    return std::nullopt;
  }
  if (slash == std::string_view::npos) {
    return value;
  }
  const std::optional<double> under = number_from(text.substr(slash + 1));
  return under && *under != 0 ? std::optional(value / *under) : std::nullopt;
}

Result<std::vector<double>> numbers_from(std::string_view flag, const std::string& text, bool positive) {
  std::vector<double> values;
  for (const std::string& part : split(text, ',')) {
    const std::optional<double> value = number_from(part);
    if (!value || (positive && *value <= 0)) {
      return fail(Code::usage, "'{}' is not a {}number", part, positive ? "positive " : "")
          .at("--" + std::string(flag));
    }
    values.push_back(*value);
  }
  if (values.size() > 4) {
    return fail(Code::usage, "{} numbers are too many: one for each channel", values.size())
        .at("--" + std::string(flag));
  }
  return values;
}

Result<int64_t> whole_from(std::string_view flag, std::string_view text, int64_t low, int64_t high) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < low || value > high) {
    return fail(Code::usage, "'{}' is not a whole number from {} to {}", text, low, high).at("--" + std::string(flag));
  }
  return value;
}

constexpr int64_t kMaxSide = 1 << 16;

Result<std::pair<int64_t, int64_t>> size_from(const std::string& text) {
  const std::vector<std::string> parts = split(text, ',');
  const int64_t height = DSQ_TRY(whole_from("size", parts[0], 1, kMaxSide));
  const int64_t width = parts.size() > 1 ? DSQ_TRY(whole_from("size", parts[1], 1, kMaxSide)) : height;
  if (parts.size() > 2) {
    return fail(Code::usage, "'{}' is not HEIGHT,WIDTH", text).at("--size");
  }
  return std::pair(height, width);
}

struct Presets {
  double scale = 1.0 / 255;
  std::vector<double> mean;
  std::vector<double> std;
};

// Channels in the order that the model gets.
Result<Presets> numbers_of(const std::string& preset, Color color) {
  if (preset == "minus1to1") {
    return Presets{1.0 / 127.5, {1}, {1}};
  }
  if (preset != "imagenet") {
    return Presets{1.0 / 255, {0}, {1}};
  }
  if (color == Color::grey) {
    return fail(Code::option_conflict, "--preset imagenet is for three channels, the model takes grey pictures")
        .hint("give --mean and --std");
  }
  Presets numbers{1.0 / 255, {0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}};
  if (color == Color::bgr) {
    std::ranges::reverse(numbers.mean);
    std::ranges::reverse(numbers.std);
  }
  return numbers;
}

struct Axes {
  AxisOrder layout;
  int64_t channels;
  int64_t height;
  int64_t width;
};

bool is_channels(int64_t size) { return size == 1 || size == 3; }

Result<Axes> axes_of(const PreprocessOptions& options, const TensorType& input, std::optional<PictureSize> natural) {
  const auto no_pictures = [&] {
    return fail(Code::data_mismatch, "the input {} takes no pictures: [N,C,H,W] or [N,H,W,C] with 1 or 3 channels does",
                text_of(input));
  };
  if (!input.shape) {
    return no_pictures();
  }
  const Shape& s = *input.shape;
  if (s.size() == 3 && !options.layout) {
    return Axes{AxisOrder::nhw, 1, s[1], s[2]};
  }
  if (s.size() == 2 && !options.layout) {
    const int64_t height = options.size ? options.size->first : natural ? natural->height : kUnknown;
    const int64_t width = options.size ? options.size->second : natural ? natural->width : kUnknown;
    const bool fits = height != kUnknown && (s[1] == kUnknown || s[1] == height * width);
    return fits ? Result<Axes>(Axes{AxisOrder::flat, 1, height, width}) : Result<Axes>(no_pictures());
  }
  if (s.size() != 4) {
    return no_pictures();
  }
  const bool first = is_channels(s[1]);
  const bool last = is_channels(s[3]) && !first;
  const AxisOrder layout = options.layout.value_or(last ? AxisOrder::nhwc : AxisOrder::nchw);
  const bool nchw = layout == AxisOrder::nchw;
  const int64_t channels = nchw ? s[1] : s[3];
  if (channels != kUnknown && !is_channels(channels)) {
    return no_pictures();
  }
  return nchw ? Axes{layout, channels, s[2], s[3]} : Axes{layout, channels, s[1], s[2]};
}

Result<void> set_size(const PreprocessOptions& options, const Axes& axes, std::optional<PictureSize> natural,
                      Preprocess& how) {
  const auto [height, width] = options.size.value_or(std::pair(axes.height, axes.width));
  const bool fits =
      (axes.height == kUnknown || height == axes.height) && (axes.width == kUnknown || width == axes.width);
  if (!fits) {
    return fail(Code::option_conflict, "--size {},{} is not what the model takes: {} x {} (height x width)", height,
                width, axes.height == kUnknown ? "?" : std::to_string(axes.height),
                axes.width == kUnknown ? "?" : std::to_string(axes.width));
  }
  how.height = height;
  how.width = width;
  if (height == kUnknown || width == kUnknown) {
    how.height = how.width = 0;
    if (natural || options.resize == Filter::none) {
      return {};
    }
    return fail(Code::data_mismatch, "the model leaves the size of its pictures open")
        .hint("give --size HEIGHT,WIDTH, or --resize none where all pictures have one size");
  }
  const bool imagenet = options.preset == "imagenet";
  how.fit = options.fit.value_or(imagenet ? Fit::crop : Fit::stretch);
  if (options.shorter_side && how.fit != Fit::crop) {
    return fail(Code::option_conflict, "--shorter-side belongs to --fit crop");
  }
  if (options.pad && how.fit != Fit::letterbox) {
    return fail(Code::option_conflict, "--pad belongs to --fit letterbox");
  }
  const bool usual = imagenet && how.fit == Fit::crop && height == width && how.filter != Filter::none;
  how.shorter_side = options.shorter_side.value_or(usual ? std::lrint(static_cast<double>(height) * 256 / 224) : 0);
  if (how.shorter_side > 0 && how.filter == Filter::none) {
    return fail(Code::option_conflict, "--shorter-side resizes, --resize none does not");
  }
  how.pad = static_cast<uint8_t>(options.pad.value_or(0));
  return {};
}

Result<void> set_numbers(const PreprocessOptions& options, DType dtype, Preprocess& how) {
  const bool said = !options.preset.empty() || options.scale || !options.mean.empty() || !options.std.empty();
  how.levels = !is_float(dtype);
  if (how.levels) {
    return said ? Result<void>(fail(Code::option_conflict, "the model takes {}: levels from 0 to 255 go in as they are",
                                    name_of(dtype))
                                   .hint("leave --preset, --scale, --mean and --std out"))
                : Result<void>();
  }
  how.assumed = !said;
  const Presets numbers = DSQ_TRY(numbers_of(options.preset, how.color));
  how.scale = options.scale.value_or(numbers.scale);
  how.mean = !options.mean.empty() ? options.mean : numbers.mean;
  how.std = !options.std.empty() ? options.std : numbers.std;
  if (!options.scale && std::ranges::any_of(how.mean, [](double m) { return std::abs(m) > 16; })) {
    return fail(Code::option_conflict, "a mean of {} lies far outside of levels / 255", how.mean.front())
        .at("--mean")
        .hint("add --scale 1 where it counts in levels from 0 to 255");
  }
  const size_t channels = how.color == Color::grey ? 1 : 3;
  for (std::vector<double>* values : {&how.mean, &how.std}) {
    if (values->size() == 1) {
      values->resize(channels, values->front());
    }
    if (values->size() != channels) {
      return fail(Code::option_conflict, "{} numbers for {} channels", values->size(), channels)
          .at(values == &how.mean ? "--mean" : "--std");
    }
  }
  return {};
}

}  // namespace

std::vector<std::string> choices_of(std::string_view flag) {
  const auto list = [](const auto& names) { return std::vector<std::string>(names.begin(), names.end()); };
  return flag == "preset"     ? list(kPresets)
         : flag == "resize"   ? list(kFilters)
         : flag == "fit"      ? list(kFits)
         : flag == "channels" ? list(kColors)
         : flag == "layout"   ? list(kLayouts)
                              : std::vector<std::string>();
}

Result<bool> take_preprocess_flag(std::string_view flag, const std::string& value, PreprocessOptions& to) {
  if (flag == "preset") {
    std::optional<int> known;
    DSQ_TRY(take_choice(flag, value, kPresets, known));
    to.preset = value;
  } else if (flag == "size") {
    to.size = DSQ_TRY(size_from(value));
  } else if (flag == "resize") {
    DSQ_TRY(take_choice(flag, value, kFilters, to.resize));
  } else if (flag == "fit") {
    DSQ_TRY(take_choice(flag, value, kFits, to.fit));
  } else if (flag == "shorter-side") {
    to.shorter_side = DSQ_TRY(whole_from(flag, value, 1, kMaxSide));
  } else if (flag == "pad") {
    to.pad = DSQ_TRY(whole_from(flag, value, 0, 255));
  } else if (flag == "channels") {
    DSQ_TRY(take_choice(flag, value, kColors, to.color));
  } else if (flag == "layout") {
    DSQ_TRY(take_choice(flag, value, kLayouts, to.layout));
  } else if (flag == "scale") {
    const std::vector<double> values = DSQ_TRY(numbers_from(flag, value, true));
    if (values.size() != 1) {
      return fail(Code::usage, "'{}' is not one number", value).at("--scale");
    }
    to.scale = values[0];
  } else if (flag == "mean") {
    to.mean = DSQ_TRY(numbers_from(flag, value, false));
  } else if (flag == "std") {
    to.std = DSQ_TRY(numbers_from(flag, value, true));
  } else {
    return false;
  }
  return true;
}

std::string text_of(const PreprocessOptions& options) {
  std::string text = options.preset.empty() ? "" : " --preset " + options.preset;
  const auto choice = [&](std::string_view flag, const auto& names, const auto& value) {
    text += value ? fmt::format(" --{} {}", flag, names[static_cast<size_t>(*value)]) : "";
  };
  text += options.size ? fmt::format(" --size {},{}", options.size->first, options.size->second) : "";
  choice("resize", kFilters, options.resize);
  choice("fit", kFits, options.fit);
  text += options.shorter_side ? fmt::format(" --shorter-side {}", *options.shorter_side) : "";
  text += options.pad ? fmt::format(" --pad {}", *options.pad) : "";
  choice("channels", kColors, options.color);
  choice("layout", kLayouts, options.layout);
  text += options.scale ? fmt::format(" --scale {}", *options.scale) : "";
  text += options.mean.empty() ? "" : fmt::format(" --mean {}", fmt::join(options.mean, ","));
  text += options.std.empty() ? "" : fmt::format(" --std {}", fmt::join(options.std, ","));
  return text.empty() ? text : text.substr(1);
}

Result<Preprocess> preprocess_for(const PreprocessOptions& options, const TensorType& input,
                                  std::optional<PictureSize> natural) {
  const Axes axes = DSQ_TRY(axes_of(options, input, natural));
  Preprocess how;
  how.layout = axes.layout;
  how.color = options.color.value_or(axes.channels == 1 ? Color::grey : Color::rgb);
  if (axes.channels != kUnknown && (axes.channels == 1) != (how.color == Color::grey)) {
    return fail(Code::option_conflict, "the model takes {}", plural(axes.channels, "channel")).at("--channels");
  }
  how.filter = options.resize.value_or(Filter::bilinear);
  DSQ_TRY(set_size(options, axes, natural, how));
  DSQ_TRY(set_numbers(options, input.dtype, how));
  return how;
}

}  // namespace dsq
