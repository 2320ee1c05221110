// Runs passes and distrusts them: stage before, changed or not, types and verifier after each one.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "passes/pass.h"

namespace dsq {

// Passes in order; `until_stable` repeats the group until none of them changes anything.
struct PassGroup {
  std::span<const std::string_view> passes;
  bool until_stable = false;
};

struct PassList {
  std::string_view name;
  std::string_view summary;
  std::span<const PassGroup> groups;
};

struct PassRecord {
  std::string_view name;
  bool changed = false;
  double milliseconds = 0;
};

// A pass that is at fault: it left a graph that the verifier refuses though it got one that it accepts, said something
// else than it did, or failed internally. `passes`, run on `before`, fail in the same way.
struct PassFailure {
  const Graph& before;
  std::string passes;  // as in pass_text.h
  const PassContext& context;
};

struct PipelineOptions {
  std::function<void(const PassFailure& failure, Error& error)> on_failure;
  // Called after each pass that changed the graph.
  std::function<Result<void>(std::string_view pass, const Graph& after)> on_change;
};

// Runs `passes` one after the other. After each change types are inferred anew and the graph is verified for the stage
// that the pass leaves behind. Errors, all with the name of the pass: pass_unknown (nothing has run then), pass_order,
// pass_inconsistent (what it said of its changes is not true, or a group did not settle), its own, the verifier's.
Result<std::vector<PassRecord>> run_passes(Graph& graph, std::span<const std::string_view> passes, PassContext& context,
                                           const PipelineOptions& options = {});
Result<std::vector<PassRecord>> run_passes(Graph& graph, const PassList& list, PassContext& context,
                                           const PipelineOptions& options = {});
// `table`: the passes that there are; empty: those of table.cc. A program with passes of its own brings its own.
Result<std::vector<PassRecord>> run_passes(Graph& graph, std::span<const PassGroup> groups, PassContext& context,
                                           const PipelineOptions& options = {}, std::span<const PassDef> table = {});

}  // namespace dsq
