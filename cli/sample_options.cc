#include "cli/sample_options.h"

#include <charconv>
#include <cstdint>

#include "cli/options.h"

namespace dsq::cli {
namespace {

void add_flag(CLI::App& app, PreprocessOptions& options, const std::string& flag, const std::string& unit,
              const std::string& text) {
  const auto take = [&options, flag](const std::string& value) {
    const Result<bool> taken = take_preprocess_flag(flag, value, options);
    if (!taken) {
      throw CLI::ValidationError("--" + flag, taken.error().what);
    }
  };
  const std::vector<std::string> choices = choices_of(flag);
  choices.empty() ? app.add_option_function<std::string>("--" + flag, take, text)->type_name(unit)
                  : add_choice_function(app, "--" + flag, take, choices, text);
}

}  // namespace

void add_sample_options(CLI::App& app, SampleOptions& options) {
  PreprocessOptions& pictures = options.preprocess;
  add_flag(app, pictures, "preset", "",
           "Numbers of pictures as usual: level / 255 (unit, the default), that from -1 to 1, or with ImageNet's mean "
           "and std");
  add_flag(app, pictures, "size", "H,W", "Size of pictures (default: what the model takes)");
  add_flag(app, pictures, "resize", "", "How pictures get it, without aliasing; bilinear unless told");
  add_flag(app, pictures, "fit", "",
           "What becomes of another shape (default: stretch; with imagenet crop, from the centre)");
  add_flag(app, pictures, "shorter-side", "PIXELS",
           "The shorter side before the crop (default: all that is needed; with imagenet 256 for 224)");
  add_flag(app, pictures, "pad", "LEVEL", "Level of a letterbox's bars, 0 to 255 (default: 0)");
  add_flag(app, pictures, "channels", "",
           "Order of the channels (default: rgb, or grey where the model has one channel)");
  add_flag(app, pictures, "layout", "", "Order of the axes (default: where the model has 1 or 3 channels)");
  add_flag(app, pictures, "scale", "FACTOR", "x = (level * FACTOR - mean) / std (default: 1/255)");
  add_flag(app, pictures, "mean", "A,B,C", "One mean for each channel, or one for all (default: 0)");
  add_flag(app, pictures, "std", "A,B,C", "One deviation for each channel, or one for all (default: 1)");
  add_count(app, "--skip-bad", options.skip_bad, int64_t{1} << 40, "Leave out up to N samples that cannot be used");
}

void add_split(CLI::App& app, QuantizeOptions& job) {
  add_optional_path(app, "--eval-data", job.eval_data,
                    "Other samples to measure on (default: a share of --data, kept apart)");
  add_number(app, "--eval-fraction", job.eval_fraction, 0, 0.9, "SHARE",
             "Share of --data that is kept to measure on (default: 0.2; 0: measure on what was calibrated on)");
  const auto take = [&seed = job.seed](const std::string& text) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seed);
    if (error != std::errc() || end != text.data() + text.size() || seed > INT64_MAX) {  // as far as TOML counts
      throw CLI::ValidationError("--seed", "'" + text + "' is not a whole number from 0 to 2^63 - 1");
    }
  };
  app.add_option_function<std::string>("--seed", take, "Draws the share that is kept (default: 0)")->type_name("N");
}

}  // namespace dsq::cli
