#include "src/toolchain/inputs.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "formats/npy/npy.h"
#include "passes/passes.h"
#include "src/support/file.h"
#include "src/support/hash.h"
#include "src/support/in_file.h"
#include "src/support/strings.h"
#include "src/toolchain/outputs.h"

namespace dsq {
namespace {

Result<std::vector<int64_t>> read_labels(const std::filesystem::path& path, int64_t samples) {
  const npy::NamedTensors arrays = DSQ_TRY(npy::read(path));
  if (arrays.size() != 1 || !is_integer(arrays[0].second.dtype())) {
    return fail(Code::labels_mismatch, "labels are one array of integers").at(path.string());
  }
  std::vector<int64_t> labels = to_ints(arrays[0].second);
  if (static_cast<int64_t>(labels.size()) != samples) {
    return fail(Code::labels_mismatch, "{} for {}", plural(labels.size(), "label"), plural(samples, "sample"))
        .at(path.string());
  }
  return labels;
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
  if (options.max_drop && !options.labels) {
    return fail(Code::option_conflict, "--max-drop needs labels").hint("add --data FILE and --labels FILE");
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
  read.insert(read.end(), options.data ? 1 : 0, options.data.value_or(""));
  read.insert(read.end(), options.labels ? 1 : 0, options.labels.value_or(""));
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

Result<Inputs> read_inputs(const Graph& graph, const QuantizeOptions& options, Diagnostics& diagnostics) {
  Inputs inputs;
  if (!options.data) {
    return inputs;
  }
  inputs.data = DSQ_TRY(open_samples(graph, *options.data, options.samples, diagnostics));
  inputs.data_sha256 = DSQ_TRY(hash_of_samples(*options.data));
  if (options.labels) {
    DSQ_TRY(inputs.data->set_labels(DSQ_TRY(read_labels(*options.labels, inputs.data->size()))));
  }
  return inputs;
}

}  // namespace dsq
