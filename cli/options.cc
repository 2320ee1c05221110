#include "cli/options.h"

#include <algorithm>
#include <charconv>

#include "src/runner/backend.h"
#include "src/support/strings.h"
#include "src/toolchain/options_text.h"

namespace dsq::cli {
namespace {

void parse_shape(const std::string& text, std::map<std::string, Shape>& shapes) {
  Result<std::pair<std::string, Shape>> parsed = shape_from(text);
  if (!parsed) {
    throw CLI::ValidationError("--shape", parsed.error().what);
  }
  if (!shapes.insert(std::move(*parsed)).second) {
    throw CLI::ValidationError("--shape", "'" + text.substr(0, text.rfind('=')) + "' is given twice");
  }
}

double parse_number(const std::string& flag, const std::string& text, double low, double high) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !(value >= low && value <= high)) {
    throw CLI::ValidationError(flag, fmt::format("'{}' is not a number from {} to {}", text, low, high));
  }
  return value;
}

template <class T>
void parse_count(const std::string& flag, const std::string& text, T high, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 1 || value > high) {
    throw CLI::ValidationError(flag, fmt::format("'{}' is not a whole number from 1 to {}", text, high));
  }
}

// "2G", "1.5 GiB", "800000": K, M, G and T are powers of 1000, as in all that is printed; Ki, Mi, Gi and Ti of 1024.
int64_t parse_size(const std::string& flag, const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  std::string unit = lower(text.substr(static_cast<size_t>(end - text.data())));
  unit.erase(0, unit.starts_with(' ') ? 1 : 0);
  const size_t power = unit.empty() ? std::string::npos : std::string_view("kmgt").find(unit.front());
  const std::string rest = power == std::string_view::npos ? unit : unit.substr(1);
  const bool binary = power != std::string_view::npos && rest.starts_with('i');
  double bytes = value;
  for (size_t p = 0; power != std::string_view::npos && p <= power; ++p) {
    bytes *= binary ? 1024 : 1000;
  }
  const std::string last = binary ? rest.substr(1) : rest;
  if (error != std::errc() || (!last.empty() && last != "b") || !(bytes >= 1) || bytes > 1e18) {
    throw CLI::ValidationError(flag, fmt::format("'{}' is no size such as 500M, 2G or 1.5GiB", text));
  }
  return static_cast<int64_t>(bytes);
}

std::filesystem::path parse_path(const std::string& flag, const std::string& text) {
  if (text.empty()) {
    throw CLI::ValidationError(flag, "the file's name is empty");
  }
  return text;
}

// The name that messages use: --output of "-o,--output".
std::string long_name(const std::string& flag) {
  for (const std::string& name : split(flag, ',')) {
    if (name.starts_with("--")) {
      return name;
    }
  }
  return flag;
}

std::vector<std::string> backend_names() {
  std::vector<std::string> names;
  for (const Backend& backend : backends()) {
    names.emplace_back(backend.name);
  }
  return names;
}

}  // namespace

CLI::Option* add_choice(CLI::App& app, const std::string& flag, std::string& value, std::vector<std::string> names,
                        const std::string& text) {
  return add_choice_function(
      app, flag, [&value](const std::string& given) { value = given; }, std::move(names), text);
}

CLI::Option* add_choice_function(CLI::App& app, const std::string& flag,
                                 const std::function<void(const std::string&)>& take, std::vector<std::string> names,
                                 const std::string& text) {
  std::string list;
  for (const std::string& name : names) {
    list += (list.empty() ? "" : "|") + name;
  }
  const auto check = [names = std::move(names), list](const std::string& given) -> std::string {
    if (std::ranges::find(names, given) != names.end()) {
      return {};
    }
    return "'" + given + "' is not one of " + list + "; nearest is '" + nearest(given, names) + "'";
  };
  return app.add_option_function<std::string>(flag, take, text)->check(CLI::Validator(check, ""))->type_name(list);
}

CLI::Option* add_number(CLI::App& app, const std::string& flag, double& value, double low, double high,
                        const std::string& unit, const std::string& text) {
  const auto parse = [&value, flag, low, high](const std::string& given) {
    value = parse_number(flag, given, low, high);
  };
  return app.add_option_function<std::string>(flag, parse, text)->type_name(unit);
}

CLI::Option* add_number(CLI::App& app, const std::string& flag, std::optional<double>& value, double low, double high,
                        const std::string& unit, const std::string& text) {
  const auto parse = [&value, flag, low, high](const std::string& given) {
    value = parse_number(flag, given, low, high);
  };
  return app.add_option_function<std::string>(flag, parse, text)->type_name(unit);
}

CLI::Option* add_percent(CLI::App& app, const std::string& flag, std::optional<double>& share,
                         const std::string& text) {
  const auto parse = [&share, flag](const std::string& given) {
    share = parse_number(flag, given.ends_with('%') ? given.substr(0, given.size() - 1) : given, 0, 100) / 100;
  };
  return app.add_option_function<std::string>(flag, parse, text)->type_name("PERCENT");
}

void add_recipe(CLI::App& app, RecipeOptions& options) {
  add_choice(app, "--weights", options.weights, {"int8", "int6", "int4", "fp16", "float"},
             "How weights are stored (default: int8)");
  add_choice(app, "--act", options.act, {"int4", "int8", "fp16", "float"},
             "How activations are computed (default: int4 with integer weights, otherwise float)");
  app.add_option("--keep", options.keep,
                 "Hold nodes at another precision, by name or operator; * and ? match; may be repeated")
      ->type_name("PATTERN=fp16")
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false);
  app.add_flag("--edges-at-act", options.edges_at_act, "Also the first and last layer at --act, instead of int8");
  add_number(app, "--max-weight-error", options.max_weight_error, 0, 1, "SHARE",
             "Largest relative L2 error of a layer's int8 weights (default: 0.01)");
}

Result<Recipe> recipe_of(const RecipeOptions& options) {
  Recipe recipe;
  recipe.weights = options.weights.empty() ? recipe.weights : *precision_from(options.weights);
  // Activations in integers need integer weights, so other weights bring float activations unless asked otherwise.
  recipe.act = !options.act.empty()         ? *precision_from(options.act)
               : is_integer(recipe.weights) ? Precision::int4
                                            : Precision::floating;
  for (const std::string& keep : options.keep) {
    recipe.keep.push_back(DSQ_TRY(keep_from(keep)));
  }
  recipe.edges_at_act = options.edges_at_act;
  recipe.max_weight_error = options.max_weight_error.value_or(recipe.max_weight_error);
  return recipe;
}

CLI::Option* add_path(CLI::App& app, const std::string& flag, std::filesystem::path& path, const std::string& text) {
  return app
      .add_option_function<std::string>(
          flag, [&path, flag](const std::string& value) { path = parse_path(long_name(flag), value); }, text)
      ->type_name("FILE");
}

CLI::Option* add_optional_path(CLI::App& app, const std::string& flag, std::optional<std::filesystem::path>& path,
                               const std::string& text) {
  return app
      .add_option_function<std::string>(
          flag, [&path, flag](const std::string& value) { path = parse_path(long_name(flag), value); }, text)
      ->type_name("FILE");
}

CLI::Option* add_paths(CLI::App& app, const std::string& flag, std::vector<std::filesystem::path>& paths,
                       const std::string& text) {
  const auto take = [&paths, flag](const std::vector<std::string>& values) {
    for (const std::string& value : values) {
      paths.push_back(parse_path(long_name(flag), value));
    }
  };
  return app.add_option_function<std::vector<std::string>>(flag, take, text)->type_name("FILE")->take_all();
}

CLI::Option* add_text(CLI::App& app, const std::string& flag, const std::string& form,
                      const std::function<void(const std::string&)>& take, const std::string& text) {
  return app.add_option_function<std::string>(flag, take, text)->type_name(form);
}

void add_model(CLI::App& app, std::filesystem::path& model, const std::string& name, const std::string& text) {
  add_path(app, name, model, text)->required();
}

void add_json(CLI::App& app, Common& common) {
  app.add_flag("--json", common.json, "Print one JSON document instead of text; errors stay text, on stderr");
}

void add_explain(CLI::App& app, Common& common) {
  app.add_flag("--explain", common.explain, "Print every note: what was left alone or converted, and why");
}

void add_shapes(CLI::App& app, Common& common) {
  const auto add = [&common](const std::vector<std::string>& values) {
    for (const std::string& value : values) {
      parse_shape(value, common.shapes);
    }
  };
  app.add_option_function<std::vector<std::string>>("--shape", add, "Fix open dimensions of an input; may be repeated")
      ->type_name("NAME=1,3,224,224")
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false);
}

CLI::Option* add_count(CLI::App& app, const std::string& flag, int64_t& value, int64_t high, const std::string& text) {
  const auto parse = [&value, flag, high](const std::string& given) { parse_count(flag, given, high, value); };
  return app.add_option_function<std::string>(flag, parse, text)->type_name("N");
}

void add_batch(CLI::App& app, Common& common, const std::string& text) {
  const auto parse = [&common](const std::string& value) {
    parse_count("--batch", value, int64_t{1} << 20, common.batch);
  };
  app.add_option_function<std::string>("--batch", parse, text)->type_name("N");
}

void add_size(CLI::App& app, const std::string& flag, std::optional<int64_t>& value, const std::string& text) {
  app.add_option_function<std::string>(
         flag, [&value, flag](const std::string& given) { value = parse_size(flag, given); }, text)
      ->type_name("SIZE");
}

void add_max_memory(CLI::App& app, Common& common) {
  const auto parse = [&common](const std::string& value) { common.max_memory = parse_size("--max-memory", value); };
  app.add_option_function<std::string>("--max-memory", parse,
                                       "Refuse what would need more memory: 500M, 2G, 1.5GiB (default: the machine's)")
      ->type_name("SIZE");
}

void add_threads(CLI::App& app, Common& common) {
  const auto parse = [&common](const std::string& value) { parse_count("--threads", value, 1024, common.threads); };
  app.add_option_function<std::string>("--threads", parse, "Threads to use (default: all cores)")->type_name("N");
}

void add_backend(CLI::App& app, Common& common) {
  app.add_option("--backend", common.backend, "Kernels to run on (default: onednn)")
      ->type_name(fmt::format("{}", fmt::join(backend_names(), "|")));
}

}  // namespace dsq::cli
