#include "cli/options.h"

#include <algorithm>
#include <charconv>

#include "src/runner/backend.h"
#include "src/support/strings.h"

namespace dsq::cli {
namespace {

// NAME=1,3,224,224. Names may hold '=': the last one counts.
void parse_shape(const std::string& text, std::map<std::string, Shape>& shapes) {
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
    throw CLI::ValidationError("--shape", "'" + text + "' is not of the form NAME=1,3,224,224 (positive numbers)");
  }
  if (!shapes.emplace(text.substr(0, at), std::move(shape)).second) {
    throw CLI::ValidationError("--shape", "'" + text.substr(0, at) + "' is given twice");
  }
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
  return app.add_option(flag, value, text)->check(CLI::Validator(check, ""))->type_name(list);
}

CLI::Option* add_path(CLI::App& app, const std::string& flag, std::filesystem::path& path, const std::string& text) {
  return app
      .add_option_function<std::string>(
          flag, [&path](const std::string& value) { path = value; }, text)
      ->type_name("FILE");
}

CLI::Option* add_optional_path(CLI::App& app, const std::string& flag, std::optional<std::filesystem::path>& path,
                               const std::string& text) {
  return app
      .add_option_function<std::string>(
          flag, [&path](const std::string& value) { path = value; }, text)
      ->type_name("FILE");
}

void add_model(CLI::App& app, std::filesystem::path& model, const std::string& name, const std::string& text) {
  add_path(app, name, model, text)->required()->type_name("");
}

void add_json(CLI::App& app, Common& common) {
  app.add_flag("--json", common.json, "Print one JSON document instead of text");
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

void add_batch(CLI::App& app, Common& common, const std::string& text) {
  app.add_option("--batch", common.batch, text)
      ->type_name("N")
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 20).description(""));
}

void add_threads(CLI::App& app, Common& common) {
  app.add_option("--threads", common.threads, "Threads to use (default: all cores)")
      ->type_name("N")
      ->check(CLI::Range(1, 1024).description(""));
}

void add_backend(CLI::App& app, Common& common) {
  app.add_option("--backend", common.backend, "Kernels to run on (default: onednn)")
      ->type_name(fmt::format("{}", fmt::join(backend_names(), "|")));
}

}  // namespace dsq::cli
