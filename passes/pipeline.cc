#include "passes/pipeline.h"

#include <algorithm>
#include <chrono>

#include "passes/passes.h"
#include "src/ir/compare.h"
#include "src/ir/print.h"
#include "src/ops/infer.h"
#include "src/ops/verify.h"
#include "src/support/file.h"

namespace dsq {
namespace {

constexpr int kMaxRounds = 8;

using Clock = std::chrono::steady_clock;

// One pass, without anything that would hide what went wrong.
Result<bool> run_checked(Graph& graph, const Graph& before, const PassDef& pass, PassContext& context) {
  if (graph.stage != pass.from) {
    return fail(Code::pass_order, "it takes a graph at stage {}, this one is at stage {}", name_of(pass.from),
                name_of(graph.stage));
  }
  const bool said_changed = DSQ_TRY(pass.run(graph, context));
  // Compared, not hashed: constants that both graphs share are not read again.
  const std::string difference = first_difference(before, graph);
  if (said_changed != !difference.empty()) {
    return fail(Code::pass_inconsistent, "it said that it {} the graph; {}",
                said_changed ? "changed" : "did not change", difference.empty() ? "nothing is different" : difference);
  }
  graph.stage = pass.to;
  if (said_changed) {
    DSQ_TRY(verify_structure(graph));
    DSQ_TRY(infer_types(graph));
  }
  if (said_changed || pass.from != pass.to) {
    Result<void> sound = verify(graph);
    if (!sound && sound.error().code == Code::stage_violation) {  // the pass is at fault, not the model
      sound.error().code = Code::pass_inconsistent;
    }
    DSQ_TRY(std::move(sound));
  }
  return said_changed;
}

class Pipeline {
 public:
  Pipeline(Graph& graph, std::span<const PassGroup> groups, PassContext& context, const PipelineOptions& options,
           std::span<const PassDef> table)
      : graph_(graph), groups_(groups), context_(context), options_(options), table_(table) {}

  Result<std::vector<PassRecord>> run() {
    for (const PassGroup& group : groups_) {
      for (const std::string_view name : group.passes) {
        DSQ_TRY(find_pass(name, table_));  // all of them, before the first one runs
      }
    }
    DSQ_TRY(verify_structure(graph_));
    for (size_t at = 0; at < groups_.size(); ++at) {
      DSQ_TRY(groups_[at].until_stable ? settle(at) : once(at, nullptr));
    }
    context_.diag.enter_pass("");
    return std::move(records_);
  }

 private:
  // All passes of a group; `changed` collects the names of those that changed the graph.
  Result<void> once(size_t at, std::vector<std::string_view>* changed) {
    const std::span<const std::string_view> passes = groups_[at].passes;
    for (size_t i = 0; i < passes.size(); ++i) {
      const PassDef* pass = DSQ_TRY(find_pass(passes[i], table_));
      context_.diag.enter_pass(std::string(pass->name));
      const Graph before = graph_;
      const Clock::time_point start = Clock::now();
      Result<bool> result = run_checked(graph_, before, *pass, context_);
      if (!result) {
        return explain(std::move(result).error(), before, at, i);
      }
      const std::chrono::duration<double, std::milli> elapsed = Clock::now() - start;
      records_.push_back({pass->name, *result, elapsed.count()});
      if (*result && changed != nullptr) {
        changed->push_back(pass->name);
      }
    }
    return {};
  }

  Result<void> settle(size_t at) {
    std::vector<std::string_view> changed;
    for (int round = 0; round < kMaxRounds; ++round) {
      const Graph before = graph_;
      changed.clear();
      DSQ_TRY(once(at, &changed));
      if (changed.empty()) {
        return {};
      }
      if (round + 1 == kMaxRounds) {
        return explain(fail(Code::pass_inconsistent, "no rest after {} rounds; {} passes still change the graph",
                            kMaxRounds, changed.size()),
                       before, at, 0, fmt::format("passes {}", fmt::join(changed, ", ")));
      }
    }
    return {};
  }

  Error explain(Error error, const Graph& before, size_t group, size_t first, std::string who = {}) {
    const std::string_view pass = groups_[group].passes[first];
    error = std::move(error).with(who.empty() ? "pass " + std::string(pass) : who);
    if (options_.reproducer_folder.empty()) {
      return error;
    }
    std::vector<std::string_view> rest(groups_[group].passes.begin() + static_cast<long>(first),
                                       groups_[group].passes.end());
    for (size_t i = group + 1; i < groups_.size(); ++i) {
      rest.insert(rest.end(), groups_[i].passes.begin(), groups_[i].passes.end());
    }
    const std::filesystem::path path = options_.reproducer_folder / "repro.dsir";
    const Result<void> written =
        write_file(path, fmt::format("// pipeline: {}\n{}", fmt::join(rest, ","), print(before)));
    return written ? std::move(error).hint("the graph before the pass is in " + path.string())
                   : std::move(error).hint("the graph before the pass could not be written: " + written.error().what);
  }

  Graph& graph_;
  std::span<const PassGroup> groups_;
  PassContext& context_;
  const PipelineOptions& options_;
  std::span<const PassDef> table_;
  std::vector<PassRecord> records_;
};

}  // namespace

Result<std::vector<PassRecord>> run_passes(Graph& graph, std::span<const std::string_view> passes, PassContext& context,
                                           const PipelineOptions& options) {
  const PassGroup group{passes};
  return run_passes(graph, std::span(&group, 1), context, options);
}

Result<std::vector<PassRecord>> run_passes(Graph& graph, const PassList& list, PassContext& context,
                                           const PipelineOptions& options) {
  return run_passes(graph, list.groups, context, options);
}

Result<std::vector<PassRecord>> run_passes(Graph& graph, std::span<const PassGroup> groups, PassContext& context,
                                           const PipelineOptions& options, std::span<const PassDef> table) {
  return Pipeline(graph, groups, context, options, table.empty() ? all_passes() : table).run();
}

}  // namespace dsq
