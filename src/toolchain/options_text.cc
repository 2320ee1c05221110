#include "src/toolchain/options_text.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include "src/support/strings.h"

namespace dsq {
namespace {

template <class T>
Result<T> number_from(const std::string& text, const std::string& flag) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    return fail(Code::usage, "'{}' is not a number", text).at(flag);
  }
  return value;
}

Result<Precision> precision_of(const std::string& text, const std::string& flag) {
  const std::optional<Precision> found = precision_from(text);
  if (!found) {
    return fail(Code::usage, "'{}' is no precision", text).at(flag);
  }
  return *found;
}

// Takes the word's own flags; whether it is one of a recipe.
Result<bool> take_recipe(const std::string& flag, const std::string* value, Recipe& recipe, bool& takes_value) {
  takes_value = true;
  if (flag == "--edges-at-act" || flag == "--calibrated") {
    (flag == "--calibrated" ? recipe.calibrated : recipe.edges_at_act) = true;
    takes_value = false;
    return true;
  }
  if (value == nullptr) {
    return fail(Code::usage, "the option '{}' is unknown or has no value", flag);
  }
  if (flag == "--weights" || flag == "--act") {
    (flag == "--act" ? recipe.act : recipe.weights) = DSQ_TRY(precision_of(*value, flag));
  } else if (flag == "--keep") {
    recipe.keep.push_back(DSQ_TRY(keep_from(*value)));
  } else if (flag == "--layer") {
    const auto [layer, precision] = DSQ_TRY(layer_from(*value));
    recipe.plan[layer] = precision;
  } else if (flag == "--recover") {
    const std::optional<Recovery> found = recovery_from(*value);
    if (!found) {
      return fail(Code::usage, "'{}' is no way of recovery", *value).at(flag);
    }
    recipe.recover = *found;
  } else if (flag == "--max-weight-error") {
    recipe.max_weight_error = DSQ_TRY(number_from<double>(*value, flag));
  } else {
    return false;
  }
  return true;
}

constexpr auto kRanges = std::to_array<std::string_view>({"auto", "calibrated", "run-time"});
constexpr auto kFallbacks = std::to_array<std::string_view>({"auto", "int8", "fp16"});

// Where nothing is searched for, the rest decides nothing.
std::string text_of(const MixedOptions& mixed) {
  if (!mixed.search) {
    return " --mixed off";
  }
  std::string text;
  text += mixed.target_share ? fmt::format(" --target-a4 {}", *mixed.target_share * 100) : "";
  text += mixed.aim ? fmt::format(" --aim {}", *mixed.aim) : "";
  text += mixed.fallback != Fallback::automatic
              ? fmt::format(" --fallback {}", kFallbacks[static_cast<size_t>(mixed.fallback)])
              : "";
  return text;
}

// Whether the word is one of these.
Result<bool> take_mixed(const std::string& flag, const std::string& value, MixedOptions& mixed) {
  if (flag == "--mixed") {
    mixed.search = value != "off";
  } else if (flag == "--target-a4") {
    mixed.target_share = DSQ_TRY(number_from<double>(value, flag)) / 100;
  } else if (flag == "--aim") {
    mixed.aim = DSQ_TRY(number_from<double>(value, flag));
  } else if (flag == "--fallback") {
    const auto found = std::ranges::find(kFallbacks, value);
    if (found == kFallbacks.end()) {
      return fail(Code::usage, "'{}' is no fallback", value).at(flag);
    }
    mixed.fallback = static_cast<Fallback>(found - kFallbacks.begin());
  } else {
    return false;
  }
  return true;
}

}  // namespace

std::string text_of(const Recipe& recipe) {
  std::string text = fmt::format("--weights {} --act {}", name_of(recipe.weights), name_of(recipe.act));
  for (const Keep& keep : recipe.keep) {
    text += " --keep " + shell_quoted(fmt::format("{}={}", keep.pattern, name_of(keep.precision)));
  }
  for (const auto& [layer, precision] : recipe.plan) {
    text += " --layer " + shell_quoted(fmt::format("{}={}", layer, name_of(precision)));
  }
  text += recipe.edges_at_act ? " --edges-at-act" : "";
  text += recipe.recover == Recovery::none ? "" : fmt::format(" --recover {}", name_of(recipe.recover));
  return text + (recipe.max_weight_error != Recipe{}.max_weight_error
                     ? fmt::format(" --max-weight-error {}", recipe.max_weight_error)
                     : "");
}

std::string text_of(const QuantizeOptions& options) {
  const QuantizeOptions defaults;
  std::string text = text_of(options.recipe);
  for (const OwnPass& own : options.passes) {
    text += fmt::format(" --own-pass {}", own.pass.name);  // of a program that uses the library: no flag of dsquant
  }
  for (const auto& [name, shape] : options.shapes) {
    const bool plain = std::ranges::all_of(name, [](unsigned char c) {
      return std::isalnum(c) != 0 || std::string_view("_./:-").find(static_cast<char>(c)) != std::string_view::npos;
    });
    const std::string word = fmt::format("{}={}", name, fmt::join(shape, ","));
    text += " --shape " + (plain ? word : shell_quoted(word));
  }
  if (options.data) {  // ranges are what the kernels compute
    text += options.ranges != defaults.ranges
                ? fmt::format(" --ranges {}", kRanges[static_cast<size_t>(options.ranges)])
                : "";
    text += is_integer(options.recipe.act) ? text_of(options.mixed) : "";
    if (options.mixed.search || options.recipe.recover != Recovery::none) {  // what else decides there
      text += options.output_kind ? fmt::format(" --output-kind {}", name_of(*options.output_kind)) : "";
      text += options.max_memory > 0 ? fmt::format(" --max-memory {}", options.max_memory) : "";
    }
    text += options.batch != defaults.batch ? fmt::format(" --batch {}", options.batch) : "";
    text += options.backend != defaults.backend ? " --backend " + options.backend : "";
    const double fraction = options.eval_fraction.value_or(kEvalFraction);
    text += options.eval_data ? std::string(" --eval-data EVAL") : "";  // its samples are not calibrated on
    text += fraction != kEvalFraction ? fmt::format(" --eval-fraction {}", fraction) : "";
    text += options.seed != defaults.seed ? fmt::format(" --seed {}", options.seed) : "";
    const std::string pictures = text_of(options.samples.preprocess);
    text += pictures.empty() ? "" : " " + pictures;
    text += options.samples.skip_bad > 0 ? fmt::format(" --skip-bad {}", options.samples.skip_bad) : "";
  }
  return text;
}

std::string draw_text(const QuantizeOptions& options) {
  const double fraction = is_integer(options.recipe.act) ? options.eval_fraction.value_or(kEvalFraction) : 0;
  return options.eval_data ? "--eval-data" : fmt::format("--eval-fraction {} --seed {}", fraction, options.seed);
}

Result<QuantizeOptions> options_from(std::string_view text) {
  QuantizeOptions options;
  const std::vector<std::string> words = shell_words(text);
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& flag = words[i];
    const std::string* value = i + 1 < words.size() ? &words[i + 1] : nullptr;
    bool takes_value = true;
    if (!DSQ_TRY(take_recipe(flag, value, options.recipe, takes_value))) {
      if (flag == "--shape") {
        options.shapes.insert(DSQ_TRY(shape_from(*value)));
      } else if (flag == "--batch") {
        options.batch = DSQ_TRY(number_from<int64_t>(*value, flag));
      } else if (flag == "--backend") {
        options.backend = *value;
      } else if (flag == "--calibration") {
        options.calibration = *value;
      } else if (flag == "--eval-data") {
        options.eval_data = *value;
      } else if (flag == "--eval-fraction") {
        options.eval_fraction = DSQ_TRY(number_from<double>(*value, flag));
      } else if (flag == "--seed") {
        options.seed = DSQ_TRY(number_from<uint64_t>(*value, flag));
      } else if (flag == "--skip-bad") {
        options.samples.skip_bad = DSQ_TRY(number_from<int64_t>(*value, flag));
      } else if (flag == "--ranges") {
        const auto found = std::ranges::find(kRanges, *value);
        if (found == kRanges.end()) {
          return fail(Code::usage, "'{}' is no source of ranges", *value).at(flag);
        }
        options.ranges = static_cast<Ranges>(found - kRanges.begin());
      } else if (flag == "--output-kind") {
        options.output_kind = output_kind_from(*value);
      } else if (flag == "--max-memory") {
        options.max_memory = DSQ_TRY(number_from<int64_t>(*value, flag));
      } else if (!DSQ_TRY(take_mixed(flag, *value, options.mixed)) &&
                 !DSQ_TRY(take_preprocess_flag(flag.substr(2), *value, options.samples.preprocess))) {
        return fail(Code::usage, "the option '{}' is unknown", flag);
      }
    }
    i += takes_value ? 1 : 0;
  }
  return options;
}

Result<Recipe> recipe_from(std::string_view text) { return DSQ_TRY(options_from(text)).recipe; }

Result<std::pair<std::string, Precision>> layer_from(const std::string& text) {
  const size_t at = text.rfind('=');
  const std::optional<Precision> precision =
      at == std::string::npos ? std::nullopt : precision_from(text.substr(at + 1));
  if (at == 0 || (precision != Precision::int4 && precision != Precision::int8 && precision != Precision::fp16)) {
    return fail(Code::usage, "'{}' is not of the form LAYER=int8, with int4, int8 or fp16", text)
        .at("--layer")
        .hint("names of layers are what `dsquant inspect` prints");
  }
  return std::pair(text.substr(0, at), *precision);
}

Result<Keep> keep_from(const std::string& text) {
  const size_t at = text.rfind('=');
  const std::string name = at == std::string::npos ? "" : text.substr(at + 1);
  const std::optional<Precision> precision = precision_from(name);
  if (at == 0 || !precision || *precision == Precision::int6) {
    const std::vector<std::string> names = {"int8", "int4", "fp16", "float"};
    const std::string near = name.empty() || precision ? "" : "; nearest is '" + nearest(name, names) + "'";
    const std::string pattern = at == std::string::npos ? text : at == 0 ? "*" : text.substr(0, at);
    return fail(Code::usage, "'{}' is not of the form PATTERN=fp16, with int8, int4, fp16 or float{}", text, near)
        .at("--keep")
        .hint("for example --keep " + shell_quoted(pattern + "=" + (near.empty() ? "fp16" : nearest(name, names))));
  }
  return Keep{text.substr(0, at), *precision};
}

Result<std::pair<std::string, Shape>> shape_from(const std::string& text) {
  const size_t at = text.rfind('=');
  Shape shape;
  bool good = at != std::string::npos && at > 0;
  for (const std::string& part : split(good && at + 1 < text.size() ? text.substr(at + 1) : "", ',')) {
    int64_t value = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
    good = good && error == std::errc() && end == part.data() + part.size() && value > 0;
    shape.push_back(value);
  }
  if (!good) {
    return fail(Code::usage, "'{}' is not of the form NAME=1,3,224,224 (positive numbers)", text)
        .at("--shape")
        .hint("`dsquant inspect` names the inputs");
  }
  return std::pair(text.substr(0, at), std::move(shape));
}

}  // namespace dsq
