// From a picture to a row of a model's input: colour, size, layout, numbers.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/data/resize.h"
#include "src/ir/tensor.h"

namespace dsq {

enum class Fit { stretch, crop, letterbox };
enum class Color { rgb, bgr, grey };
enum class AxisOrder { nchw, nhwc, nhw, flat };  // of the model's input; nhw and flat hold one channel

// What a user says of it. Everything else follows from the model's input.
struct PreprocessOptions {
  std::string preset;                               // "imagenet", "unit", "minus1to1", or empty
  std::optional<std::pair<int64_t, int64_t>> size;  // height, width
  std::optional<Filter> resize;                     // none: pictures have the size, or are cut or padded to it
  std::optional<Fit> fit;
  std::optional<int64_t> shorter_side;  // with `crop`: what the shorter side becomes before the crop
  std::optional<int64_t> pad;           // with `letterbox`: the level around the picture, 0 to 255
  std::optional<Color> color;
  std::optional<AxisOrder> layout;  // nchw or nhwc
  std::optional<double> scale;      // x = (level * scale - mean) / std
  std::vector<double> mean;         // one for each channel, or one for all; in the order in which the model gets them
  std::vector<double> std;
  bool operator==(const PreprocessOptions&) const = default;
};

// The words of it, as flags: "--preset imagenet --size 224,224"; empty without any. And one flag of it, without dashes,
// with its value; false: no such flag. Errors: usage.
std::string text_of(const PreprocessOptions& options);
Result<bool> take_preprocess_flag(std::string_view flag, const std::string& value, PreprocessOptions& options);
std::vector<std::string> choices_of(std::string_view flag);  // of the flags that are choices

// What is done to each picture.
struct Preprocess {
  int64_t height = 0;  // 0: as the picture is
  int64_t width = 0;
  Filter filter = Filter::bilinear;
  Fit fit = Fit::stretch;
  int64_t shorter_side = 0;  // 0: as small as the crop allows
  uint8_t pad = 0;
  Color color = Color::rgb;
  AxisOrder layout = AxisOrder::nchw;
  bool levels = false;  // u8, as they are
  double scale = 1;
  std::vector<double> mean;  // one for each channel
  std::vector<double> std;
  bool assumed = false;  // nothing was said about how levels become numbers, so `unit` was taken
};

struct PictureSize {
  int64_t width = 0;
  int64_t height = 0;
};

// What the model's input and the options give; `natural`: the size that all pictures are known to have.
// Errors: data_mismatch for an input that takes no pictures, option_conflict.
Result<Preprocess> preprocess_for(const PreprocessOptions& options, const TensorType& input,
                                  std::optional<PictureSize> natural);

// In words: "bilinear to 256 (shorter side), centre crop 224 x 224, RGB, NCHW, (x / 255 - [..]) / [..]".
std::string describe(const Preprocess& preprocess);

// A row of the input, its first dimension 1. Errors: data_mismatch for a size that does not fit, out_of_memory.
Result<Tensor> preprocessed(Picture picture, const Preprocess& preprocess);

}  // namespace dsq
