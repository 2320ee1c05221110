// Options that several commands share. All values are checked while parsing, so that a wrong one is named at once.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "src/ir/shape.h"

namespace dsq::cli {

struct Common {
  bool json = false;
  bool explain = false;
  std::map<std::string, Shape> shapes;
  int64_t batch = 0;
  int threads = 0;
  std::string backend = "onednn";
};

// A positional MODEL, required.
void add_model(CLI::App& app, std::filesystem::path& model, const std::string& name = "MODEL",
               const std::string& text = "an .onnx, .dsq or .dsir file");
void add_json(CLI::App& app, Common& common);
void add_explain(CLI::App& app, Common& common);
void add_shapes(CLI::App& app, Common& common);  // --shape NAME=1,3,224,224
void add_batch(CLI::App& app, Common& common, const std::string& text);
void add_threads(CLI::App& app, Common& common);
void add_backend(CLI::App& app, Common& common);

// One of `names`, or a refusal that suggests the nearest one.
CLI::Option* add_choice(CLI::App& app, const std::string& flag, std::string& value, std::vector<std::string> names,
                        const std::string& text);

CLI::Option* add_choice_function(CLI::App& app, const std::string& flag,
                                 const std::function<void(const std::string&)>& take, std::vector<std::string> names,
                                 const std::string& text);

// A number from `low` to `high`, both of them included; NaN and infinities are refused.
CLI::Option* add_number(CLI::App& app, const std::string& flag, double& value, double low, double high,
                        const std::string& unit, const std::string& text);
CLI::Option* add_number(CLI::App& app, const std::string& flag, std::optional<double>& value, double low, double high,
                        const std::string& unit, const std::string& text);

// A path option: `text` describes it.
CLI::Option* add_path(CLI::App& app, const std::string& flag, std::filesystem::path& path, const std::string& text);
CLI::Option* add_optional_path(CLI::App& app, const std::string& flag, std::optional<std::filesystem::path>& path,
                               const std::string& text);

}  // namespace dsq::cli
