// dsquant reproduce: how a .dsq file was made, and whether it comes out the same again.
#include <memory>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/table.h"
#include "src/support/strings.h"
#include "src/toolchain/reproduce.h"

namespace dsq::cli {
namespace {

struct Options {
  Common common;
  std::filesystem::path artefact;
  ReproduceOptions job;
};

std::string record_text(const Recorded& recorded) {
  const Provenance& from = recorded.provenance;
  std::string text =
      fmt::format("{}: made by {}{}\n  {}\n", recorded.path.string(), visible(from.tool),
                  from.libraries.empty() ? "" : " (" + visible(from.libraries) + ")", visible(recorded.command));
  text += fmt::format("  model {}, sha256 {}\n", visible(from.source_name), from.source_sha256);
  if (!from.data_sha256.empty()) {
    text += fmt::format("  data  {}, sha256 {}\n", plural(from.data_samples, "sample"), from.data_sha256);
  }
  return text;
}

Json record_json(const Recorded& recorded) {
  const Provenance& from = recorded.provenance;
  return {
      {"artefact", recorded.path.string()}, {"command", recorded.command},      {"tool", from.tool},
      {"libraries", from.libraries},        {"model", from.source_name},        {"model_sha256", from.source_sha256},
      {"data_sha256", from.data_sha256},    {"data_samples", from.data_samples}};
}

Json to_json(const Recorded& recorded, const Reproduction& result) {
  Json json = record_json(recorded);
  json["changed"] = Json::array();
  for (const Change& change : result.changed) {
    json["changed"].push_back({{"what", change.what}, {"recorded", change.a}, {"here", change.b}});
  }
  json["remade"] = result.remade;
  json["same"] = result.same;
  json["bytes"] = result.bytes;
  json["made_bytes"] = result.made_bytes;
  json["difference"] = result.difference;
  return json;
}

std::string result_text(const Reproduction& result) {
  std::string text;
  for (const Change& change : result.changed) {
    text += fmt::format("\n{} differs\n  recorded  {}\n  here      {}\n", change.what, change.a, change.b);
  }
  return text + (result.same ? fmt::format("\nreproduced: the same {}\n", plural(result.bytes, "byte")) : "");
}

// What a user needs to know when it did not work.
Error failure(const Recorded& recorded, const Reproduction& result) {
  if (!result.remade) {
    std::string what;
    for (const Change& change : result.changed) {
      what += (what.empty() ? "" : " and ") + change.what;
    }
    return fail(Code::gate_failed, "not made again: the {} given has another hash", what)
        .at(recorded.path.string())
        .hint("give the file whose sha256 is named above, with --model, --data or --calibration");
  }
  return fail(Code::gate_failed, "not reproduced: {} instead of {}; {}", plural(result.made_bytes, "byte"),
              result.bytes,
              result.difference.empty() ? "the graphs are the same, they are packed otherwise" : result.difference)
      .at(recorded.path.string())
      .hint(result.needs_eval_data   ? "give the samples that it was measured on as well, with --eval-data"
            : result.changed.empty() ? "ranges from data depend on the processor: try the machine that made the file"
                                     : "use the versions that made the file");
}

Result<Exit> run(const Options& options, Console& console) {
  const Recorded recorded = DSQ_TRY(read_record(options.artefact));
  if (!options.common.json) {
    console.print(record_text(recorded));  // also when what it needs is not there
  }
  Diagnostics diagnostics;
  StderrProgress progress(console);
  ReproduceOptions job = options.job;
  job.threads = options.common.threads;
  const Reproduction result = DSQ_TRY(reproduce(recorded, job, diagnostics, progress));
  options.common.json ? console.print_json(to_json(recorded, result)) : console.print(result_text(result));
  if (!result.same) {
    return failure(recorded, result);
  }
  return Exit::ok;
}

}  // namespace

Action define_reproduce(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  add_model(app, options->artefact, "FILE", "a .dsq file");
  add_optional_path(app, "--model", options->job.model, "The model that it was made from (default: beside it)");
  add_optional_path(app, "--data", options->job.data, "The data that it was made with, where there were some");
  add_optional_path(app, "--eval-data", options->job.eval_data,
                    "The samples that it was measured on: needed where some of them are in the data too");
  add_optional_path(app, "--calibration", options->job.calibration,
                    "The table that its ranges come from, where there was one");
  add_threads(app, options->common);
  add_json(app, options->common);
  return [options](Console& console) { return run(*options, console); };
}

}  // namespace dsq::cli
