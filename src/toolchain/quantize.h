// From model.onnx to model.dsq: the one place where import, passes, calibration and formats meet.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "passes/pass.h"
#include "src/ir/graph.h"
#include "src/quant/recipe.h"
#include "src/report/output_kind.h"
#include "src/report/report.h"
#include "src/support/diagnostics.h"
#include "src/support/progress.h"
#include "src/toolchain/ci_files.h"
#include "src/toolchain/pass_log.h"
#include "src/toolchain/samples.h"

namespace dsq {

// A pass of the caller's own, run in front of one of the lists of passes/pipelines.cc: "canonicalize" shows it the graph
// as it was imported and cleans up after it, "plan" the canonical float form, later lists what is made of it.
struct OwnPass {
  PassDef pass;
  std::string_view before;
};

inline constexpr double kEvalFraction = 0.2;  // unless told

// Where layers go that do not bear the asked precision.
enum class Fallback : uint8_t { automatic, int8, fp16 };

// Where ranges of activations come from when there are data; `automatic`: chosen layer by layer (range_choice.h).
enum class Ranges : uint8_t { automatic, calibrated, run_time };

// Mixed precision (search.h).
struct MixedOptions {
  bool search = true;  // with data: false puts every layer at the asked precision
  std::optional<double>
      target_share;           // of multiplications at the asked precision, in [0, 1]; none: as many as the aim lets
  std::optional<double> aim;  // points that may be lost; none: what loss.h holds every measure to
  Fallback fallback = Fallback::automatic;
};

// A plan that a file gave. Those of its layers that nobody decided otherwise are in the recipe too.
struct UsedPlan {
  std::filesystem::path path;
  Plan plan;
};

struct QuantizeOptions {
  std::filesystem::path model;
  std::optional<UsedPlan> used_plan;               // nothing is searched then
  std::optional<std::filesystem::path> save_plan;  // where the plan that is found goes
  std::filesystem::path output;                    // empty: beside the model, with the extension .dsq
  std::map<std::string, Shape> shapes;             // --shape
  Recipe recipe;
  Ranges ranges = Ranges::automatic;
  std::optional<std::filesystem::path> calibration;  // a table of ranges, instead of those of `data`
  std::optional<std::filesystem::path> data;         // --data: what open_samples() takes
  std::optional<std::filesystem::path> labels;       // --labels: an array of integer classes
  std::optional<std::filesystem::path> eval_data;    // samples to measure on; none: a share of `data`, kept apart
  std::optional<std::filesystem::path> eval_labels;  // of eval_data
  std::optional<double> eval_fraction;               // of `data`, in [0, 1); 0: measured on what was calibrated on
  uint64_t seed = 0;                                 // that draws them
  SampleOptions samples;
  int64_t batch = 16;
  int threads = 0;  // 0: all cores
  std::string backend = "onednn";
  int64_t max_memory = 0;                     // bytes that the process may take, about; 0: what the machine has
  std::optional<OutputKind> output_kind;      // what outputs are; none: recognised
  std::optional<std::string> metric_command;  // src/toolchain/metric_command.h
  MixedOptions mixed;
  std::optional<double> max_drop;       // gates (src/toolchain/gates.h): points that may be lost
  std::optional<double> min_agreement;  // percent
  std::optional<double> min_cosine;
  std::optional<double> min_sqnr_db;
  std::optional<int64_t> max_size;                // bytes of the artefact
  std::optional<std::filesystem::path> baseline;  // a report, as JSON, that this one shall not be worse than
  CiFiles ci;
  std::vector<OwnPass> passes;  // on the outermost graph, in this order
  bool write = true;            // false: everything but the files
  bool dry_run = false;         // plan, sizes and memory alone; writes nothing
  bool compare = true;          // false: the twins are not run, for the artefact alone
  std::string model_name;       // as the artefact names its source; empty: the file's name
};

// What a dry run says instead of measuring.
struct Forecast {
  int64_t file_bytes = 0;
  bool exact = true;                    // otherwise within 1 %
  std::optional<int64_t> process_peak;  // of the real run's process, about; none when shapes are open
};

struct Quantized {
  Graph graph;      // lowered, as written
  Graph reference;  // the canonical float twin
  Report report;
  PassLog passes;
  std::optional<Forecast> forecast;   // of a dry run
  std::optional<Error> metric_error;  // of the metric command; all else is as if there were none
};

// Writes OUTPUT, and OUTPUT's stem with .report.json and .report.html, then the files for CI. Gates that fail are in the
// report, not an error; nor is a metric command that fails.
// A dry run goes the same way up to the lowered graph, with ranges of a few samples, and refuses what the real one would.
// Errors: those of import, data, passes and writing.
Result<Quantized> quantize(const QuantizeOptions& options, Diagnostics& diagnostics, Progress& progress);

}  // namespace dsq
