// dsquant dump: a model in the text form (src/ir/print.h).
#include <memory>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/pass_table.h"
#include "src/ir/print.h"
#include "src/toolchain/load.h"

namespace dsq::cli {
namespace {

struct Options {
  Common common;
  std::filesystem::path model;
  bool full = false;
  bool canonical = false;
};

Result<Exit> run(const Options& options, Console& console) {
  Diagnostics diagnostics;
  Model model = DSQ_TRY(load_model(options.model, options.common.shapes, diagnostics));
  PassLog passes;
  if (options.canonical) {
    passes = DSQ_TRY(canonicalize(model.graph, diagnostics));
  }
  model.graph.compact();
  const std::string text = print(model.graph, {!options.full});
  console.report(diagnostics, options.common.explain);
  report_passes(console, passes);
  options.common.json ? console.print_json({{"model", options.model.string()}, {"text", text}}) : console.print(text);
  return Exit::ok;
}

}  // namespace

Action define_dump(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  add_model(app, options->model);
  app.add_flag("--full", options->full, "Print all constants, so that the text can be read back");
  app.add_flag("--canonical", options->canonical, "After the passes that every float model goes through");
  add_shapes(app, options->common);
  add_explain(app, options->common);
  add_json(app, options->common);
  return [options](Console& console) { return run(*options, console); };
}

}  // namespace dsq::cli
