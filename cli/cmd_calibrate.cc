// dsquant calibrate: ranges of samples into a table, whole or in parts that are joined.
#include <array>
#include <charconv>
#include <memory>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/sample_options.h"
#include "src/runner/backend.h"
#include "src/support/file.h"
#include "src/support/strings.h"
#include "src/toolchain/calibrate_job.h"
#include "src/toolchain/outputs.h"

namespace dsq::cli {
namespace {

struct Options {
  Common common;
  QuantizeOptions job;
  RecipeOptions recipe;
  Shard shard;
  std::vector<std::filesystem::path> merge;
};

// "2/4"
void parse_shard(const std::string& text, Shard& shard) {
  constexpr int64_t kMost = 1 << 20;
  const char* last = text.data() + text.size();
  const auto [slash, part_error] = std::from_chars(text.data(), last, shard.part);
  const bool part = part_error == std::errc() && slash != last && *slash == '/';
  const auto [end, of_error] = std::from_chars(part ? slash + 1 : last, last, shard.of);
  if (!part || of_error != std::errc() || end != last || shard.part < 1 || shard.part > shard.of || shard.of > kMost) {
    throw CLI::ValidationError("--shard", "'" + text + "' is not of the form 2/4, from 1/4 to 4/4");
  }
}

Result<std::filesystem::path> output_of(const Options& options) {
  std::filesystem::path output = options.job.output;
  if (output.empty() && !options.merge.empty()) {
    return fail(Code::usage, "--merge needs -o").hint("say where the joined table shall be written");
  }
  if (output.empty()) {
    output = options.job.model;
    output.replace_extension(options.shard.of == 1
                                 ? ".calibration.json"
                                 : fmt::format(".{}of{}.calibration.json", options.shard.part, options.shard.of));
  }
  constexpr auto kEndings = std::to_array<std::string_view>({".json"});
  DSQ_TRY(check_output_name(output, kEndings));
  std::vector<std::filesystem::path> read = options.merge;
  for (const std::optional<std::filesystem::path>& each : {options.job.data, options.job.eval_data}) {
    read.insert(read.end(), each ? 1 : 0, each.value_or(""));
  }
  read.insert(read.end(), options.job.model.empty() ? 0 : 1, options.job.model);
  DSQ_TRY(check_apart(read, std::span(&output, 1)));
  DSQ_TRY(check_writable(output));
  return output;
}

Result<void> check_words(const Options& options) {
  if (options.merge.empty() && (options.job.model.empty() || !options.job.data)) {
    return fail(Code::usage, "{} is given", options.job.model.empty() ? "no model" : "no --data")
        .hint("dsquant calibrate model.onnx --data x.npz, or dsquant calibrate --merge a.json b.json -o all.json");
  }
  if (!options.merge.empty() && (!options.job.model.empty() || options.job.data || options.shard.of > 1)) {
    return fail(Code::option_conflict, "--merge joins tables, it runs no model")
        .hint("leave MODEL, --data and --shard out");
  }
  return {};
}

std::string to_text(const calibration_table::Table& table, const std::filesystem::path& output) {
  const std::string parts =
      table.whole() ? "" : fmt::format(", shard {} of {}", fmt::join(table.parts, ", "), table.shards);
  return fmt::format("{} of {}{}\ntable   {}\n", plural(table.values.size(), "range"),
                     plural(table.samples.size(), "sample"), parts, output.string());
}

Json as_json(const calibration_table::Table& table, const std::filesystem::path& output) {
  return {{"table", output.string()},      {"samples", table.samples.size()},
          {"values", table.values.size()}, {"shards", table.shards},
          {"parts", table.parts},          {"preprocess", table.preprocess}};
}

Result<Exit> run(const Options& options, Console& console) {
  DSQ_TRY(check_words(options));
  const std::filesystem::path output = DSQ_TRY(output_of(options));
  QuantizeOptions job = options.job;
  job.shapes = options.common.shapes;
  job.threads = options.common.threads;
  job.backend = options.common.backend;
  job.recipe = DSQ_TRY(recipe_of(options.recipe));
  DSQ_TRY(find_backend(job.backend));
  Diagnostics diagnostics;
  StderrProgress progress(console);
  const calibration_table::Table table = options.merge.empty()
                                             ? DSQ_TRY(make_table(job, options.shard, diagnostics, progress))
                                             : DSQ_TRY(merge_tables(options.merge, diagnostics));
  progress.end();
  const NewFile file = DSQ_TRY(NewFile::write(output, calibration_table::to_json(table)));
  DSQ_TRY(publish(std::span(&file, 1)));
  console.report(diagnostics, options.common.explain);
  options.common.json ? console.print_json(as_json(table, output)) : console.summary(to_text(table, output));
  return Exit::ok;
}

}  // namespace

Action define_calibrate(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  QuantizeOptions& job = options->job;
  add_path(app, "MODEL", job.model, "an .onnx or .dsir file");
  add_optional_path(app, "--data", job.data, fmt::format("Samples to calibrate on: {}", kSampleKinds));
  add_text(
      app, "--shard", "I/N", [&shard = options->shard](const std::string& text) { parse_shard(text, shard); },
      "Take every N-th sample from the I-th on: N machines share the work");
  add_paths(app, "--merge", options->merge, "Join the tables of all shards, in any order");
  add_path(app, "-o,--output", job.output, "Where to write (default: beside the model, as .calibration.json)");
  add_split(app, job);
  add_sample_options(app, job.samples);
  add_recipe(app, options->recipe);
  add_shapes(app, options->common);
  add_threads(app, options->common);
  add_backend(app, options->common);
  add_explain(app, options->common);
  add_json(app, options->common);
  return [options](Console& console) { return run(*options, console); };
}

}  // namespace dsq::cli
