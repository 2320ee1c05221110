// A failure of a pass as one text that fails again: the graph before it, under lines that say what was to run on it.
//
//   // pipeline: plan_quant                     as in passes/pass_text.h
//   // recipe: --weights int8 --act int4        as on the command line; --calibrated where ranges come from data
//   // stats: 1 640 2 -0.5 3 256 4 0 ... %name  where there are some: channel axis, elements, channels, and of each
//                                               channel low, high, number of bins and the bins; the value's name
//   graph ...
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "passes/pipeline.h"
#include "src/ir/graph.h"

namespace dsq {

struct Replay {
  std::string passes;            // empty: the text does not say
  std::optional<Recipe> recipe;  // none: the text does not say
  std::optional<CalibrationTable> stats;
  Graph graph;
};

// All constants are written out: without them the failure may not come back.
std::string print_replay(const Replay& replay);
// Any text form of a graph will do. Errors: text_syntax, usage (in the recipe).
Result<Replay> parse_replay(std::string_view text);

// Writes what replays a failure to `path`, and says so in the error.
PipelineOptions reproducing(std::filesystem::path path);

struct OptOptions {
  std::string passes;                   // empty: those of the text
  std::vector<std::string> lists;       // or these lists, also on the graphs within
  std::optional<Recipe> recipe;         // instead of the text's own
  std::filesystem::path dump_folder;    // where the graph goes after each pass that changed it; empty: nowhere
  std::vector<std::string> dump_after;  // only after these passes; empty: all
};

struct Optimized {
  Graph graph;
  std::vector<PassRecord> records;
  std::vector<std::filesystem::path> dumps;
};

// Errors: file_unreadable, text_syntax, usage (there is nothing to run), write_failed, those of the passes.
Result<Optimized> optimize(const std::filesystem::path& model, const OptOptions& options, Diagnostics& diagnostics);

}  // namespace dsq
