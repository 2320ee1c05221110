#include "passes/pipeline.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <variant>

#include "passes/pass_text.h"
#include "passes/passes.h"
#include "src/ir/compare.h"
#include "src/ops/infer.h"
#include "src/ops/verify.h"

namespace dsq {
namespace {

constexpr int kMaxRounds = 8;

using Clock = std::chrono::steady_clock;

Result<void> verify_all(Graph& graph) {
  DSQ_TRY(verify_structure(graph));
  DSQ_TRY(infer_types(graph));
  return verify(graph);
}

// What went wrong, and whether that is the pass's own fault.
struct Failed {
  Error error;
  bool fault = false;
};

// A failed check of the program itself becomes an error, so that it can be replayed.
Result<bool> run_caught(Graph& graph, const PassDef& pass, PassContext& context) {
  try {
    return pass.run(graph, context);
  } catch (const std::logic_error& error) {
    return fail(Code::internal, "{}", error.what());
  }
}

// One pass, without anything that would hide what went wrong.
std::variant<bool, Failed> run_checked(Graph& graph, const Graph& before, const PassDef& pass, PassContext& context) {
  if (graph.stage != pass.from) {
    return Failed{fail(Code::pass_order, "it takes a graph at stage {}, this one is at stage {}", name_of(pass.from),
                       name_of(graph.stage))};
  }
  const Result<bool> said = run_caught(graph, pass, context);
  if (!said) {
    return Failed{said.error(), info_of(said.error().code).exit == Exit::internal};
  }
  // Compared, not hashed: constants that both graphs share are not read again.
  const std::string difference = first_difference(before, graph);
  if (*said != !difference.empty()) {
    return Failed{fail(Code::pass_inconsistent, "it said that it {} the graph; {}",
                       *said ? "changed" : "did not change", difference.empty() ? "nothing is different" : difference),
                  true};
  }
  graph.stage = pass.to;
  if (*said || pass.from != pass.to) {
    Result<void> sound = *said ? verify_all(graph) : verify(graph);
    if (!sound) {
      const bool stage = sound.error().code == Code::stage_violation;  // the pass is at fault, not the model
      sound.error().code = stage ? Code::pass_inconsistent : sound.error().code;
      Graph copy = before;
      return Failed{std::move(sound).error(), stage || verify_all(copy)};
    }
  }
  return *said;
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
      std::variant<bool, Failed> result = run_checked(graph_, before, *pass, context_);
      if (Failed* failed = std::get_if<Failed>(&result)) {
        Error error = std::move(failed->error).with("pass " + std::string(pass->name));
        return failed->fault ? explain(std::move(error), before, at, i) : error;
      }
      const std::chrono::duration<double, std::milli> elapsed = Clock::now() - start;
      const bool did_change = std::get<bool>(result);
      records_.push_back({pass->name, did_change, elapsed.count()});
      if (did_change && options_.on_change) {
        DSQ_TRY(options_.on_change(pass->name, graph_));
      }
      if (did_change && changed != nullptr) {
        changed->push_back(pass->name);
      }
    }
    return {};
  }

  Result<void> settle(size_t at) {
    const Graph start = graph_;
    std::vector<std::string_view> changed;
    for (int round = 0; round < kMaxRounds; ++round) {
      changed.clear();
      DSQ_TRY(once(at, &changed));
      if (changed.empty()) {
        return {};
      }
    }
    return explain(fail(Code::pass_inconsistent, "passes {}: no rest after {} rounds; {} passes still change the graph",
                        fmt::join(changed, ", "), kMaxRounds, changed.size()),
                   start, at, 0);
  }

  // Offers what replays the failure: from pass `first` of the group on.
  Error explain(Error error, const Graph& before, size_t group, size_t first) {
    if (options_.on_failure) {
      std::vector<PassGroup> rest(groups_.begin() + static_cast<long>(group), groups_.end());
      if (first > 0) {
        rest[0] = {rest[0].passes.subspan(first), false};
      }
      options_.on_failure({before, text_of(rest), context_}, error);
    }
    return error;
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
