#include "src/toolchain/inputs.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "passes/passes.h"
#include "src/data/split.h"
#include "src/support/file.h"
#include "src/support/strings.h"
#include "src/toolchain/outputs.h"

namespace dsq {
namespace {

// Ranges from some samples, figures from others.
Result<void> part(const QuantizeOptions& options, Diagnostics& diagnostics, Inputs& inputs) {
  inputs.measured_on = "the same";
  inputs.evaluation = inputs.data;
  if (options.eval_fraction == 0 || !is_integer(options.recipe.act)) {
    return {};  // as asked, or nothing is calibrated
  }
  Split split = DSQ_TRY(split_samples(*inputs.data, options.eval_fraction, options.seed));
  if (split.evaluation.empty()) {
    diagnostics.warn(
        Code::not_held_out, "",
        fmt::format("measured on the samples that ranges come from: {}; --eval-data gives others", split.reason));
    return {};
  }
  if (split.unused > 0) {
    diagnostics.note("", fmt::format("{} samples are left over by the model's batch of {}", split.unused,
                                     inputs.data->fixed_batch()));
  }
  inputs.measured_on = "held out";
  inputs.evaluation = inputs.data->select(std::move(split.evaluation));
  inputs.data = inputs.data->select(std::move(split.calibration));
  return {};
}

// Operators that take sums of products of their constants: one infinity there makes all of them infinite or NaN.
bool multiplies(OpKind op) {
  using enum OpKind;
  switch (op) {
    // clang-format off
    case conv: case conv_transpose: case linear: case gemm: case matmul: case einsum: case lstm: case gru: case rnn: return true;
    // clang-format on
    default: return false;
  }
}

}  // namespace

OutputPaths output_paths(const QuantizeOptions& options) {
  OutputPaths paths;
  paths.model =
      options.output.empty() ? std::filesystem::path(options.model).replace_extension(".dsq") : options.output;
  paths.json = std::filesystem::path(paths.model).replace_extension(".report.json");
  paths.html = std::filesystem::path(paths.model).replace_extension(".report.html");
  paths.replay = std::filesystem::path(paths.model).replace_extension(".repro.dsir");
  return paths;
}

Result<void> check_options(const QuantizeOptions& options) {
  const Recipe& recipe = options.recipe;
  if (is_integer(recipe.act) && !is_integer(recipe.weights)) {
    return fail(Code::option_conflict, "--act {} needs integer weights, not --weights {}", name_of(recipe.act),
                name_of(recipe.weights))
        .hint("add --act float, or choose --weights int8");
  }
  if (options.labels && !options.data) {
    return fail(Code::option_conflict, "--labels needs the samples that they belong to").hint("add --data FILE");
  }
  if (recipe.recover != Recovery::none && !options.data) {
    return fail(Code::option_conflict, "--recover {} needs samples", name_of(recipe.recover)).hint("add --data FILE");
  }
  if (options.max_drop && !options.data) {
    return fail(Code::option_conflict, "--max-drop needs labels").hint("add --data FILE and --labels FILE");
  }
  if (options.eval_data && !options.data) {
    return fail(Code::option_conflict, "--eval-data measures what --data calibrates").hint("add --data FILE");
  }
  if (options.eval_labels && !options.eval_data) {
    return fail(Code::option_conflict, "--eval-labels needs the samples that they belong to")
        .hint("add --eval-data FILE");
  }
  for (const OwnPass& own : options.passes) {
    DSQ_TRY(find_pass_list(own.before));
  }
  if (!options.write) {
    return {};
  }
  constexpr auto kEndings = std::to_array<std::string_view>({".dsq"});
  const OutputPaths outputs = output_paths(options);
  DSQ_TRY(check_output_name(outputs.model, kEndings));
  std::vector<std::filesystem::path> read = {options.model};
  for (const std::optional<std::filesystem::path>& each :
       {options.data, options.labels, options.eval_data, options.eval_labels}) {
    read.insert(read.end(), each ? 1 : 0, each.value_or(""));
  }
  const auto written = std::to_array({outputs.model, outputs.json, outputs.html, outputs.replay});
  DSQ_TRY(check_apart(read, written));
  for (const std::filesystem::path& path : {outputs.model, outputs.json, outputs.html}) {
    DSQ_TRY(check_writable(path));
  }
  return {};
}

Result<void> check_finite_weights(const Graph& graph) {
  for (const ValueId id : graph.values()) {
    const Value& value = graph.value(id);
    if (!value.constant || value.constant->dtype() != DType::f32 || value.users.empty()) {
      continue;
    }
    const std::span<const float> values = value.constant->values<float>();
    const bool weights = std::ranges::any_of(value.users, [&](NodeId user) { return multiplies(graph.node(user).op); });
    if (values.size() < 2 && !weights) {
      continue;  // single infinities are bounds
    }
    const auto bad = std::ranges::find_if(
        values, [&](float v) { return weights ? !std::isfinite(v) : std::isnan(v); });  // masks hold infinities
    if (bad != values.end()) {
      return fail(Code::weights_not_finite, "element {} of '{}' is {}", bad - values.begin(), value.name, *bad)
          .at("node '" + graph.node(value.users.front()).name + "'");
    }
  }
  return {};
}

Result<void> check_labels(const Graph& graph, const std::vector<int64_t>& labels) {
  for (const ValueId id : graph.outputs()) {
    const std::optional<Shape>& shape = graph.value(id).type.shape;
    if (!shape || shape->size() != 2 || (*shape)[1] < 2) {
      continue;
    }
    const int64_t classes = (*shape)[1];
    const auto bad = std::ranges::find_if(labels, [&](int64_t label) { return label < 0 || label >= classes; });
    if (bad != labels.end()) {
      return fail(Code::labels_mismatch, "sample {} has label {}, the network has {}", bad - labels.begin(), *bad,
                  classes);
    }
    return {};
  }
  return {};
}

Result<Inputs> read_inputs(const Graph& graph, const QuantizeOptions& options, Diagnostics& diagnostics) {
  Inputs inputs;
  if (!options.data) {
    return inputs;
  }
  SampleOptions how = options.samples;
  how.labels = options.labels;
  Samples samples = DSQ_TRY(open_samples(graph, *options.data, how, diagnostics));
  DSQ_TRY(check_labels(graph, samples.data.labels()));
  inputs.samples = samples.data.size();
  inputs.data = std::move(samples.data);
  inputs.preprocess = std::move(samples.preprocess);
  inputs.data_sha256 = DSQ_TRY(hash_of_samples(*options.data));
  if (options.eval_data) {
    how.labels = options.eval_labels;
    Samples others = DSQ_TRY(open_samples(graph, *options.eval_data, how, diagnostics));
    DSQ_TRY(check_labels(graph, others.data.labels()));
    inputs.measured_on = "other data";
    inputs.evaluation = std::move(others.data);
  } else {
    DSQ_TRY(part(options, diagnostics, inputs));
  }
  if (options.max_drop && inputs.evaluation->labels().empty()) {
    return fail(Code::option_conflict, "--max-drop needs labels")
        .hint(options.eval_data ? "add --eval-labels FILE" : "add --labels FILE");
  }
  return inputs;
}

}  // namespace dsq
