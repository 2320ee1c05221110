// Runs passes and distrusts them: stage before, changed or not, types and verifier after each one.
#pragma once

#include <filesystem>
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

struct PipelineOptions {
  // Where to write repro.dsir - the graph before the pass that failed, under a line that names the passes from there
  // on. Empty: nowhere.
  std::filesystem::path reproducer_folder;
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
