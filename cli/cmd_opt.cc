// dsquant opt: passes on the text form of a graph, and what a failed quantization left behind.
#include <array>
#include <memory>

#include "cli/command.h"
#include "cli/options.h"
#include "src/ir/print.h"
#include "src/support/file.h"
#include "src/support/strings.h"
#include "src/toolchain/outputs.h"
#include "src/toolchain/replay.h"

namespace dsq::cli {
namespace {

struct Options {
  Common common;
  std::filesystem::path model;
  std::filesystem::path output;
  OptOptions job;
  std::string lists;
  RecipeOptions recipe;
  bool calibrated = false;
};

Json to_json(const Options& options, const Optimized& done, const std::string& text) {
  Json json = {{"model", options.model.string()}, {"passes", Json::array()}, {"dumps", Json::array()}};
  for (const PassRecord& record : done.records) {
    json["passes"].push_back(
        {{"pass", record.name}, {"changed", record.changed}, {"milliseconds", record.milliseconds}});
  }
  for (const std::filesystem::path& dump : done.dumps) {
    json["dumps"].push_back(dump.string());
  }
  json[options.output.empty() ? "text" : "written"] = options.output.empty() ? text : options.output.string();
  return json;
}

Result<Exit> run(const Options& options, Console& console) {
  OptOptions job = options.job;
  if (!options.lists.empty()) {
    job.lists = split(options.lists, ',');
  }
  if (!job.lists.empty() && !job.passes.empty()) {
    return fail(Code::option_conflict, "--passes and --list both say what to run");
  }
  if (!job.dump_after.empty() && job.dump_folder.empty()) {
    return fail(Code::option_conflict, "--dump-after needs a folder").hint("add --dump-dir FOLDER");
  }
  if (options.recipe.given() || options.calibrated) {
    job.recipe = DSQ_TRY(recipe_of(options.recipe));
    job.recipe->calibrated = options.calibrated;
  }
  if (!options.output.empty()) {
    constexpr auto kEndings = std::to_array<std::string_view>({".dsir"});
    DSQ_TRY(check_output_name(options.output, kEndings));
    DSQ_TRY(check_apart(std::span(&options.model, 1), std::span(&options.output, 1)));
    DSQ_TRY(check_writable(options.output));
  }
  Diagnostics diagnostics;
  const Optimized done = DSQ_TRY(optimize(options.model, job, diagnostics));
  const std::string text = print(done.graph);
  if (!options.output.empty()) {
    DSQ_TRY(write_file(options.output, text));
  }
  console.report(diagnostics, options.common.explain);
  if (options.common.json) {
    console.print_json(to_json(options, done, text));
  } else if (options.output.empty()) {
    console.print(text);
  }
  return Exit::ok;
}

}  // namespace

Action define_opt(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  add_model(app, options->model, "GRAPH", "a .dsir file; its line `// pipeline: a,b` says what runs unless you do");
  app.add_option("--passes", options->job.passes, "Run these; those in (a,b)* until nothing changes")->type_name("A,B");
  app.add_option("--list", options->lists, "Run these lists: canonicalize, plan, assign, store, lower")
      ->type_name("A,B");
  add_path(app, "-o,--output", options->output, "Where to write (default: to standard output)");
  add_recipe(app, options->recipe);
  app.add_flag("--calibrated", options->calibrated, "Plan for ranges that come from data");
  add_path(app, "--dump-dir", options->job.dump_folder, "Write the graph here after each pass that changes it")
      ->type_name("FOLDER");
  app.add_option("--dump-after", options->job.dump_after, "Only after this pass; may be repeated")
      ->type_name("PASS")
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false);
  add_explain(app, options->common);
  add_json(app, options->common);
  return [options](Console& console) { return run(*options, console); };
}

}  // namespace dsq::cli
