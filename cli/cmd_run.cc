// dsquant run: a model on samples.
#include <array>
#include <memory>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/pass_table.h"
#include "cli/profile.h"
#include "cli/progress.h"
#include "cli/sample_options.h"
#include "cli/table.h"
#include "formats/npy/npy.h"
#include "src/runner/backend.h"
#include "src/support/file.h"
#include "src/support/in_file.h"
#include "src/support/strings.h"
#include "src/toolchain/load.h"
#include "src/toolchain/outputs.h"
#include "src/toolchain/run.h"
#include "src/toolchain/samples.h"

namespace dsq::cli {
namespace {

struct Options {
  Common common;
  std::filesystem::path model;
  std::filesystem::path inputs;
  std::filesystem::path outputs;
  bool profile = false;
  SampleOptions samples;
};

Json to_json(const Options& options, const Ran& ran) {
  Json json = {{"model", options.model.string()},
               {"backend", options.common.backend},
               {"samples", ran.samples},
               {"batch", ran.batch},
               {"steps", ran.steps},
               {"compile_seconds", ran.compile_seconds},
               {"seconds", ran.seconds},
               {"arena_bytes", ran.arena_bytes}};
  json["outputs"] = Json::array();
  for (const auto& [name, tensor] : ran.outputs) {
    json["outputs"].push_back({{"name", name}, {"type", name_of(tensor.dtype())}, {"shape", tensor.shape()}});
  }
  if (!options.outputs.empty()) {
    json["written"] = options.outputs.string();
  }
  if (options.profile) {
    json["profile"] = profile_json(ran.profile, 1);
  }
  return json;
}

std::string to_text(const Options& options, const Ran& ran) {
  const std::string steps = ran.steps == 1 ? "" : fmt::format(" in {} of {}", plural(ran.steps, "step"), ran.batch);
  std::string text = fmt::format("{}{} in {:.3f} s ({:.2f} ms a sample; {:.3f} s to get ready; {} of working memory)\n",
                                 plural(ran.samples, "sample"), steps, ran.seconds,
                                 1e3 * ran.seconds / static_cast<double>(ran.samples), ran.compile_seconds,
                                 human_bytes(static_cast<double>(ran.arena_bytes)));
  Table outputs({"output", "type"});
  for (const auto& [name, tensor] : ran.outputs) {
    outputs.add({name, text_of(tensor.type())});
  }
  text += outputs.text();
  text += options.outputs.empty() ? "not stored: --outputs y.npz stores them\n"
                                  : "written: " + options.outputs.string() + "\n";
  return text + (options.profile ? profile_text(ran.profile, 1, ran.profile.size()) : "");
}

bool is_npy(const std::filesystem::path& path) { return lower(path.extension().string()) == ".npy"; }

Result<void> write_outputs(const std::filesystem::path& path, const npy::NamedTensors& outputs) {
  return is_npy(path) ? npy::write_npy(path, outputs.front().second) : npy::write_npz(path, outputs);
}

Result<Exit> run(const Options& options, Console& console) {
  DSQ_TRY(find_backend(options.common.backend));
  if (!options.outputs.empty()) {
    constexpr auto kEndings = std::to_array<std::string_view>({".npz", ".npy"});
    DSQ_TRY(check_output_name(options.outputs, kEndings));
    DSQ_TRY(check_apart(std::to_array({options.model, options.inputs}), std::span(&options.outputs, 1)));
    DSQ_TRY(check_writable(options.outputs));
  }
  Diagnostics diagnostics;
  Model model = DSQ_TRY(load_model(options.model, options.common.shapes, diagnostics));
  if (is_npy(options.outputs) && model.graph.outputs().size() != 1) {
    return fail(Code::option_conflict, "a .npy file holds one array, {} has {} outputs", options.model.string(),
                model.graph.outputs().size())
        .at("--outputs")
        .hint("name a .npz file, which holds them all");
  }
  const Dataset data = DSQ_TRY(open_samples(model.graph, options.inputs, options.samples, diagnostics)).data;
  const PassLog passes = DSQ_TRY(in_file(options.model.string(), make_fast(model.graph, diagnostics)));
  StderrProgress progress(console);
  const RunOptions how{options.common.batch, options.common.threads, options.common.backend, options.profile,
                       options.common.max_memory};
  const Ran ran = DSQ_TRY(in_model(options.model.string(), run_dataset(model.graph, data, how, progress)));
  if (!options.outputs.empty()) {
    DSQ_TRY(write_outputs(options.outputs, ran.outputs));
  }
  console.report(diagnostics, options.common.explain);
  report_passes(console, passes);
  options.common.json ? console.print_json(to_json(options, ran)) : console.summary(to_text(options, ran));
  return Exit::ok;
}

}  // namespace

Action define_run(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  add_model(app, options->model);
  add_path(app, "--inputs", options->inputs, fmt::format("Samples: {}", kSampleKinds))->required();
  add_path(app, "--outputs,-o", options->outputs, "Where to store the outputs (.npz, or .npy for one output)");
  add_sample_options(app, options->samples);
  add_batch(app, options->common, "Samples in a step (default: all at once; of files 16)");
  add_max_memory(app, options->common);
  add_threads(app, options->common);
  add_backend(app, options->common);
  app.add_flag("--profile", options->profile, "Show the time of each operator and node");
  add_shapes(app, options->common);
  add_explain(app, options->common);
  add_json(app, options->common);
  return [options](Console& console) { return run(*options, console); };
}

}  // namespace dsq::cli
