#include "src/toolchain/attempt.h"

#include <algorithm>

#include "calibration/calibrate.h"
#include "calibration/patches.h"
#include "passes/match.h"
#include "passes/passes.h"
#include "src/data/split.h"
#include "src/runner/executable.h"
#include "src/support/in_file.h"
#include "src/support/strings.h"
#include "src/toolchain/calibrate_job.h"
#include "src/toolchain/forecast.h"
#include "src/toolchain/simulate.h"
#include "src/toolchain/stages.h"

namespace dsq {
namespace {

constexpr double kHeldOut = 0.25;      // of the samples that ranges come from: they decide, the others teach
constexpr int64_t kMostSamples = 512;  // that are looked at once more for that
constexpr int64_t kMostBytes = int64_t{512} << 20;  // that they may take: what both networks make of them at a layer

// `count` samples at even distances.
Dataset spread(const Dataset& data, int64_t count) {
  const int64_t batch = std::max<int64_t>(data.fixed_batch(), 1);
  count = std::max<int64_t>(count / batch, 1) * batch;
  if (count >= data.size() || !data.divisible()) {
    return data;
  }
  std::vector<int64_t> chosen;
  for (int64_t i = 0; i < count; ++i) {
    chosen.push_back(i * data.size() / count);
  }
  return data.select(std::move(chosen));
}

// Says which layers take their ranges at run time although there are calibrated ones.
void note_run_time(Attempt& attempt) {
  for (const NodeId id : attempt.graph.topo_order()) {
    const std::optional<QuantLayer> layer = quant_layer_at(attempt.graph, id);
    if (!layer) {
      continue;
    }
    const std::optional<QuantSpec>& spec = attempt.graph.value(layer->x).spec;
    if (spec && (spec->range == RangeSource::per_token || spec->range == RangeSource::per_sample)) {
      attempt.diagnostics.note(label_of(attempt.graph, id),
                               "its input takes its range at run time: calibrated ones lose much more");
    }
  }
}

int64_t budget(int64_t limit) { return limit > 0 ? std::min(kMostBytes, limit / 3) : kMostBytes; }

}  // namespace

bool searches(const QuantizeOptions& options) { return options.mixed.search && is_integer(options.recipe.act); }

bool learns(const QuantizeOptions& options) {
  return options.data && (options.recipe.recover != Recovery::none || searches(options));
}

int64_t bytes_to_repair(const Graph& reference, int64_t samples, int64_t each, int64_t limit) {
  int64_t columns = 0;
  for (const NodeId id : reference.nodes()) {
    const std::optional<QuantLayer> layer = quant_layer_at(reference, id);
    if (layer && columns_of(*layer) <= kMostColumnsToRecover) {
      columns = std::max(columns, columns_of(*layer));
    }
  }
  const int64_t sums = 4 * columns * columns * static_cast<int64_t>(sizeof(double));  // both halves, H, and its factor
  return std::min(budget(limit), 2 * each * std::min(samples, kMostSamples)) + sums;
}

bool covers(const CalibrationTable& stats, const Observation& wanted) {
  const auto found = stats.values.find(wanted.value);
  return found != stats.values.end() && found->second.axis == wanted.axis;
}

Result<Attempt> Attempts::make(const Recipe& recipe) {
  Recipe own = recipe;
  own.run_time = ranges_.at_run_time;
  Attempt attempt = DSQ_TRY(assigned(own));
  if (!inputs_.data || inputs_.table || options_.ranges != Ranges::automatic) {
    return attempt;
  }
  DSQ_TRY(choose_ranges(reference_, attempt.graph, *inputs_.data, options_.backend, ranges_));
  if (ranges_.at_run_time != own.run_time) {
    own.run_time = ranges_.at_run_time;
    attempt = DSQ_TRY(assigned(own));
  }
  note_run_time(attempt);
  return attempt;
}

Result<Attempt> Attempts::assigned(const Recipe& recipe) {
  Attempt attempt;
  attempt.recipe = recipe;
  attempt.graph = reference_;
  PassContext context{attempt.recipe, nullptr, attempt.diagnostics};
  append(attempt.passes, DSQ_TRY(run_stage(options_, "plan", attempt.graph, context, pipeline_)));
  const std::vector<Observation> wanted = wanted_observations(attempt.graph);
  attempt.looked = !wanted.empty();
  if (inputs_.data || inputs_.table) {
    DSQ_TRY(look(attempt.graph, wanted));
    context.stats = &stats_;
  }
  append(attempt.passes, DSQ_TRY(run_stage(options_, "assign", attempt.graph, context, pipeline_)));
  return attempt;
}

Result<void> Attempts::look(const Graph& planned, const std::vector<Observation>& wanted) {
  if (inputs_.table && stats_.values.empty()) {
    stats_ = DSQ_TRY(in_file(options_.calibration->string(), ranges_of(*inputs_.table, planned)));
  }
  std::vector<Observation> missing;
  std::ranges::copy_if(wanted, std::back_inserter(missing),
                       [&](const Observation& each) { return !covers(stats_, each); });
  if (missing.empty() || !inputs_.data) {
    return {};
  }
  const Dataset& data = *inputs_.data;
  const int64_t samples = options_.dry_run ? DSQ_TRY(forecast_samples(reference_, data)) : data.size();
  CalibrationTable seen = DSQ_TRY(calibrate(planned, missing, data.first(samples), how_to_run(), progress_));
  for (auto& [name, stats] : seen.values) {
    stats_.values.insert_or_assign(name, std::move(stats));
  }
  return {};
}

// As many samples as memory holds.
Result<Dataset> Attempts::few(const Dataset& data) const {
  std::vector<TensorType> types;
  for (const Tensor& input : DSQ_TRY(data.batch(0, data.step(1)))) {
    types.push_back(input.type());
  }
  const std::unique_ptr<Executable> one =
      DSQ_TRY(Executable::compile(reference_, types, {options_.backend, options_.threads, {}}));
  const int64_t each = 2 * std::max<int64_t>(one->memory().peak, 1) / data.step(1) + 1;
  return spread(data, std::clamp<int64_t>(budget(options_.max_memory) / each, 2 * kFewestToRecover, kMostSamples));
}

Result<bool> Attempts::set_apart(Diagnostics& diagnostics) {
  const Dataset some = DSQ_TRY(few(*inputs_.data));
  const Split split = DSQ_TRY(split_samples(some, kHeldOut, options_.seed));
  if (split.evaluation.empty() || static_cast<int64_t>(split.calibration.size()) < kFewestToRecover) {
    diagnostics.note("", fmt::format("nothing is repaired or searched for: {} are too few, {} are needed",
                                     plural(some.size(), "sample"), kFewestToRecover * 4 / 3));
    return false;
  }
  if (some.size() < inputs_.data->size()) {
    diagnostics.note("", fmt::format("{} of {} are looked at for repairs and plans, as many as memory holds",
                                     some.size(), plural(inputs_.data->size(), "sample")));
  }
  fitted_ = some.select(split.calibration);
  held_out_ = some.select(split.evaluation);
  rehearsal_ = DSQ_TRY(Rehearsal::begin(reference_, *held_out_, *fitted_, options_.output_kind, how_to_run()));
  return true;
}

Result<Rehearsed> Attempts::judge(Attempt& attempt) {
  if (attempt.seen) {
    return *attempt.seen;
  }
  Graph graph = attempt.graph;
  Diagnostics unheard;
  PassContext context{attempt.recipe, nullptr, unheard};
  DSQ_TRY(quantize_weights(graph, context));
  attempt.seen = DSQ_TRY(rehearsal_->judge(simulated(std::move(graph))));
  return *attempt.seen;
}

Result<void> Attempts::repair(Attempt& attempt) {
  if (attempt.recipe.recover == Recovery::none) {
    return {};
  }
  Attempt plain = attempt;
  const RecoverOptions how{how_to_run(), attempt.recipe.max_weight_error};
  attempt.recovered = DSQ_TRY(
      recover(attempt.graph, simulated(attempt.graph), *fitted_, *held_out_, how, attempt.diagnostics, progress_));
  attempt.seen.reset();
  const double before = DSQ_TRY(judge(plain)).noise;
  const double after = DSQ_TRY(judge(attempt)).noise;
  if (!(after < before)) {
    attempt.graph = std::move(plain.graph);
    attempt.seen = std::move(plain.seen);
    attempt.recovered.clear();
    attempt.diagnostics.note("",
                             "repairs are taken back: on held-out samples the network is not nearer to float by them");
  }
  return {};
}

}  // namespace dsq
