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
#include "src/quant/recipe.h"

namespace dsq::cli {

struct Common {
  bool json = false;
  bool explain = false;
  std::map<std::string, Shape> shapes;
  int64_t batch = 0;
  int threads = 0;
  int64_t max_memory = 0;  // 0: what the machine has
  std::string backend = "onednn";
};

// How a network is to be quantized.
struct RecipeOptions {
  std::string weights;  // empty: int8
  std::string act;      // empty: int4 with integer weights, otherwise float
  std::vector<std::string> keep;
  bool edges_at_act = false;
  std::optional<double> max_weight_error;
  bool given() const {
    return !weights.empty() || !act.empty() || !keep.empty() || edges_at_act || max_weight_error.has_value();
  }
};
void add_recipe(CLI::App& app, RecipeOptions& options);
Result<Recipe> recipe_of(const RecipeOptions& options);  // errors: usage

// A positional MODEL, required.
void add_model(CLI::App& app, std::filesystem::path& model, const std::string& name = "MODEL",
               const std::string& text = "an .onnx, .dsq or .dsir file");
void add_json(CLI::App& app, Common& common);
void add_explain(CLI::App& app, Common& common);
void add_shapes(CLI::App& app, Common& common);  // --shape NAME=1,3,224,224
// A whole number from 1 to `high`.
CLI::Option* add_count(CLI::App& app, const std::string& flag, int64_t& value, int64_t high, const std::string& text);
void add_batch(CLI::App& app, Common& common, const std::string& text);
// "500k", "2G", "1.5GiB".
void add_size(CLI::App& app, const std::string& flag, std::optional<int64_t>& value, const std::string& text);
void add_max_memory(CLI::App& app, Common& common);
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

// "60%" or "60", kept as a share.
CLI::Option* add_percent(CLI::App& app, const std::string& flag, std::optional<double>& share, const std::string& text);

// A path option: `text` describes it.
CLI::Option* add_path(CLI::App& app, const std::string& flag, std::filesystem::path& path, const std::string& text);
CLI::Option* add_paths(CLI::App& app, const std::string& flag, std::vector<std::filesystem::path>& paths,
                       const std::string& text);
// Text in a form of its own; `take` throws CLI::ValidationError for any other.
CLI::Option* add_text(CLI::App& app, const std::string& flag, const std::string& form,
                      const std::function<void(const std::string&)>& take, const std::string& text);
CLI::Option* add_optional_path(CLI::App& app, const std::string& flag, std::optional<std::filesystem::path>& path,
                               const std::string& text);

}  // namespace dsq::cli
