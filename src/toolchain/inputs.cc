#include "src/toolchain/inputs.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "passes/passes.h"
#include "src/data/split.h"
#include "src/ir/nested.h"
#include "src/ops/infer.h"
#include "src/support/file.h"
#include "src/support/in_file.h"
#include "src/support/strings.h"
#include "src/toolchain/attempt.h"
#include "src/toolchain/calibrate_job.h"
#include "src/toolchain/metric_command.h"
#include "src/toolchain/outputs.h"
#include "src/toolchain/plan_options.h"

namespace dsq {
namespace {

// Ranges from some samples, figures from others.
Result<void> part(const QuantizeOptions& options, Diagnostics& diagnostics, Inputs& inputs) {
  inputs.measured_on = "the same";
  inputs.evaluation = inputs.data;
  const double fraction = options.eval_fraction.value_or(kEvalFraction);
  const bool learns = is_integer(options.recipe.act) || options.recipe.recover != Recovery::none;
  if (fraction == 0 || !learns) {
    return {};  // as asked, or nothing comes from the samples
  }
  Split split = DSQ_TRY(split_samples(*inputs.data, fraction, options.seed));
  if (split.evaluation.empty()) {
    diagnostics.warn(
        Code::not_held_out, "",
        fmt::format("measured on the samples that ranges come from: {}; --eval-data gives others", split.reason));
    return {};
  }
  if (split.unused > 0) {
    diagnostics.note("", fmt::format("{} left over by the model's batch of {}", plural(split.unused, "sample"),
                                     inputs.data->fixed_batch()));
  }
  inputs.measured_on = "held out";
  inputs.evaluation = inputs.data->select(std::move(split.evaluation));
  inputs.data = inputs.data->select(std::move(split.calibration));
  return {};
}

// Samples to measure on that are calibrated on as well are not calibrated on.
Result<void> part_from(const Dataset& evaluation, const QuantizeOptions& options, Diagnostics& diagnostics,
                       Inputs& inputs) {
  if (!is_integer(options.recipe.act)) {
    return {};
  }
  const std::vector<int64_t> shared = DSQ_TRY(shared_samples(*inputs.data, evaluation));
  if (shared.empty()) {
    return {};
  }
  const int64_t all = inputs.data->size();
  const int64_t batch = std::max<int64_t>(inputs.data->fixed_batch(), 1);
  std::vector<int64_t> others;
  for (int64_t i = 0; i < all; ++i) {
    if (!std::ranges::binary_search(shared, i)) {
      others.push_back(i);
    }
  }
  others.resize(others.size() - others.size() % static_cast<size_t>(batch));
  const std::string what = fmt::format("{} of {} in --data {} in --eval-data too", shared.size(), plural(all, "sample"),
                                       shared.size() == 1 ? "is" : "are");
  if (others.empty()) {
    return fail(Code::data_mismatch, "{}, which leaves none to calibrate on", what)
        .at(options.eval_data->string())
        .hint("give other samples, or leave --eval-data out: a share of --data is then kept to measure on");
  }
  if (!inputs.data->divisible()) {
    diagnostics.warn(Code::not_held_out, "", what + ", and a state of the model holds the samples together");
    return {};
  }
  diagnostics.warn(Code::not_held_out, "", what + "; not calibrated on");
  inputs.data = inputs.data->select(std::move(others));
  return {};
}

bool in_table(const calibration_table::Table& table, const Digest& digest) {
  return std::ranges::binary_search(table.samples, short_digest(digest));
}

// Samples that the ranges of a table come from are not measured on; recovery fits to them, where there are some.
Result<void> part_by_table(const QuantizeOptions& options, Diagnostics& diagnostics, Inputs& inputs) {
  const std::vector<Digest> digests = DSQ_TRY(digests_of(*inputs.data));
  std::vector<int64_t> known;
  std::vector<int64_t> others;
  for (size_t i = 0; i < digests.size(); ++i) {
    (in_table(*inputs.table, digests[i]) ? known : others).push_back(static_cast<int64_t>(i));
  }
  for (std::vector<int64_t>* side : {&known, &others}) {
    side->resize(side->size() - side->size() % static_cast<size_t>(std::max<int64_t>(inputs.data->fixed_batch(), 1)));
  }
  if (known.empty() && learns(options)) {
    return part(options, diagnostics, inputs);
  }
  inputs.evaluation = inputs.data;
  inputs.measured_on = others.empty() || !inputs.data->divisible() ? "the same" : "held out";
  if (inputs.measured_on == "the same") {
    diagnostics.warn(Code::not_held_out, "",
                     "measured on samples that the ranges of --calibration come from: all of --data are");
    return {};
  }
  inputs.evaluation = inputs.data->select(std::move(others));
  inputs.data = known.empty() ? inputs.data : inputs.data->select(std::move(known));
  return {};
}

Result<void> warn_of_shared(const Dataset& evaluation, const Inputs& inputs, Diagnostics& diagnostics) {
  const std::vector<Digest> digests = DSQ_TRY(digests_of(evaluation));
  const int64_t shared = std::ranges::count_if(digests, [&](const Digest& d) { return in_table(*inputs.table, d); });
  if (shared > 0) {
    diagnostics.warn(
        Code::not_held_out, "",
        fmt::format("{} of {} that are measured on are among those that the ranges of --calibration come from", shared,
                    plural(evaluation.size(), "sample")));
  }
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

namespace {

// What is measured on samples needs some.
Result<void> check_measures(const QuantizeOptions& options) {
  const auto needs_data = [&](const char* flag, bool given) {
    return given && !options.data && !options.eval_data
               ? Result<void>(fail(Code::option_conflict, "{} needs samples", flag).hint("add --data FILE"))
               : Result<void>();
  };
  DSQ_TRY(needs_data("--max-drop", options.max_drop.has_value()));
  DSQ_TRY(needs_data("--min-agreement", options.min_agreement.has_value()));
  DSQ_TRY(needs_data("--metric-command", options.metric_command.has_value()));
  if (options.metric_command) {
    DSQ_TRY(metric_words(*options.metric_command, true));
  }
  return {};
}

}  // namespace

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
    return fail(Code::option_conflict, "--recover {} needs samples{}", name_of(recipe.recover),
                options.calibration ? ", a table holds only their ranges" : "")
        .hint("add --data FILE");
  }
  DSQ_TRY(check_measures(options));
  DSQ_TRY(check_search(options));
  if (options.eval_data && options.eval_fraction) {
    return fail(Code::option_conflict, "--eval-fraction is a share of --data, and --eval-data is measured on")
        .hint("leave one of them out");
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
       {options.calibration, options.data, options.labels, options.eval_data, options.eval_labels, options.baseline}) {
    read.insert(read.end(), each ? 1 : 0, each.value_or(""));
  }
  read.insert(read.end(), options.used_plan ? 1 : 0, options.used_plan ? options.used_plan->path : "");
  std::vector<std::filesystem::path> written = {outputs.model, outputs.json, outputs.html, outputs.replay};
  std::vector<std::filesystem::path> more = options.ci.all();
  more.insert(more.end(), options.save_plan ? 1 : 0, options.save_plan.value_or(""));
  const auto whole = [](const std::filesystem::path& path) {
    return std::filesystem::absolute(path).lexically_normal();
  };
  for (const std::filesystem::path& each : more) {
    if (std::ranges::find(written, whole(each), whole) != written.end()) {
      return fail(Code::option_conflict, "two results would go into one file").at(each.string());
    }
    written.push_back(each);
  }
  DSQ_TRY(options.save_plan ? check_writable(*options.save_plan) : Result<void>());
  DSQ_TRY(check_apart(read, written));
  DSQ_TRY(check_ci_files(options.ci));
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
    const auto bad = std::ranges::find_if(
        values, [&](float v) { return weights ? !std::isfinite(v) : std::isnan(v); });  // bounds and masks are infinite
    if (bad != values.end()) {
      return fail(Code::weights_not_finite, "element {} of '{}' is {}", bad - values.begin(), value.name, *bad)
          .at("node '" + graph.node(value.users.front()).name + "'");
    }
  }
  for (const NodeId id : graph.nodes()) {
    for (const GraphRef* nested : nested_graphs(graph.node(id).attrs)) {
      DSQ_TRY(check_finite_weights(**nested));
    }
  }
  return {};
}

namespace {

// The classes of the first output that is [samples, classes]: of how many samples and classes, where that is known.
struct Scores {
  int64_t samples = kUnknown;
  int64_t classes = kUnknown;
};

std::optional<Scores> scores_of(const Graph& graph) {
  for (const ValueId id : graph.outputs()) {
    const std::optional<Shape>& shape = graph.value(id).type.shape;
    if (shape && shape->size() == 2 && ((*shape)[1] == kUnknown || (*shape)[1] >= 2)) {
      return Scores{(*shape)[0], (*shape)[1]};
    }
  }
  return std::nullopt;
}

Result<void> check_labels(const Scores& scores, const Dataset& data) {
  const std::vector<int64_t>& labels = data.labels();
  const auto bad = std::ranges::find_if(
      labels, [&](int64_t label) { return label < 0 || (scores.classes != kUnknown && label >= scores.classes); });
  if (bad != labels.end()) {
    return fail(Code::labels_mismatch, "{} has label {}, the network has {}", data.place(bad - labels.begin()), *bad,
                plural(scores.classes, "class"));
  }
  return {};
}

// Whether the network, given these samples, tells their classes.
Result<void> check_classifies(const Graph& graph, const Dataset& data) {
  Graph sized = graph;
  const int64_t count = std::min(data.step(1), data.size());
  const Result<std::vector<Tensor>> inputs = data.batch(0, count);
  for (size_t i = 0; inputs && i < inputs->size(); ++i) {
    sized.set_type(sized.inputs()[i], (*inputs)[i].type());
  }
  const bool known = inputs && infer_types(sized);
  const std::optional<Scores> scores = scores_of(known ? sized : graph);
  if (!scores) {
    return fail(Code::labels_mismatch, "no output has the shape [samples, classes]");
  }
  if (known && scores->samples != kUnknown && scores->samples != count) {
    return fail(Code::labels_mismatch, "{} of class scores for {}", plural(scores->samples, "row"),
                plural(count, "sample"));
  }
  return check_labels(*scores, data);
}

}  // namespace

Result<void> check_labels(const Graph& graph, const Dataset& data) {
  const std::optional<Scores> scores = scores_of(graph);
  return scores ? check_labels(*scores, data) : Result<void>();
}

std::string label_file(const QuantizeOptions& options) {
  const std::optional<std::filesystem::path>& own = options.eval_data ? options.eval_labels : options.labels;
  return own.value_or(options.eval_data.value_or(options.data.value_or(""))).string();
}

Result<void> settle_labels(const Graph& graph, const QuantizeOptions& options, Diagnostics& diagnostics,
                           Inputs& inputs) {
  if (!inputs.evaluation || inputs.evaluation->labels().empty()) {
    return {};
  }
  Result<void> good = check_classifies(graph, *inputs.evaluation);
  if (good && !options.eval_data) {  // those of the other part come from the same place
    good = check_classifies(graph, *inputs.data);
  }
  good = in_file(label_file(options), std::move(good));
  if (good || options.max_drop || (options.eval_data ? options.eval_labels : options.labels)) {
    return good;
  }
  inputs.evaluation->drop_labels();
  diagnostics.warn(Code::labels_mismatch, good.error().where, good.error().what + "; accuracy is not measured");
  return {};
}

Result<Inputs> read_inputs(const Graph& graph, const QuantizeOptions& options, Diagnostics& diagnostics) {
  Inputs inputs;
  SampleOptions how = options.samples;
  if (options.calibration) {
    inputs.table = DSQ_TRY(read_table(*options.calibration));
    inputs.table_sha256 = hex(sha256(DSQ_TRY(MappedFile::open(*options.calibration))->bytes()));
  }
  if (options.data) {
    how.labels = options.labels;
    const SampleFiles files = DSQ_TRY(list_samples(*options.data));
    Samples samples = DSQ_TRY(open_samples(graph, files, how, diagnostics));
    inputs.samples = samples.data.size();
    inputs.data = std::move(samples.data);
    inputs.preprocess = std::move(samples.preprocess);
    inputs.classes = std::move(samples.classes);
    inputs.data_sha256 = DSQ_TRY(hash_of(files, how.skip_bad > 0));
  }
  if (options.eval_data) {
    how.labels = options.eval_labels;
    Samples others = DSQ_TRY(open_samples(graph, *options.eval_data, how, diagnostics));
    inputs.measured_on = "other data";
    inputs.preprocess = inputs.data ? std::move(inputs.preprocess) : std::move(others.preprocess);
    DSQ_TRY(inputs.data ? part_from(others.data, options, diagnostics, inputs) : Result<void>());
    DSQ_TRY(inputs.table ? warn_of_shared(others.data, inputs, diagnostics) : Result<void>());
    inputs.evaluation = std::move(others.data);
    inputs.classes = std::move(others.classes);
  } else if (options.data && inputs.table) {
    DSQ_TRY(part_by_table(options, diagnostics, inputs));
  } else if (options.data) {
    DSQ_TRY(part(options, diagnostics, inputs));
  }
  if (options.metric_command) {
    DSQ_TRY(metric_words(*options.metric_command, !inputs.evaluation->labels().empty()));
  }
  return inputs;
}

}  // namespace dsq
