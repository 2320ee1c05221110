// dsquant calibrate: ranges of samples as a table that is kept, in parts that several machines make, and what a table
// gives to a quantization.
#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "calibration/calibrate.h"
#include "formats/calibration/table.h"
#include "src/support/diagnostics.h"
#include "src/support/progress.h"
#include "src/toolchain/quantize.h"

namespace dsq {

struct Shard {
  int64_t part = 1;  // from 1
  int64_t of = 1;
};

// What quantize() would see of a network with these options, as far as they decide what is observed and on which
// samples. A shard takes every `of`-th sample of those that are calibrated on, from its own number on.
// Errors: those of import, data and running; option_conflict for a shard without samples.
Result<calibration_table::Table> make_table(const QuantizeOptions& options, const Shard& shard,
                                            Diagnostics& diagnostics, Progress& progress);

Result<calibration_table::Table> read_table(const std::filesystem::path& path);

// One table of parts, the same whatever their order. Errors: those of reading; calibration_mismatch for parts that do
// not belong together, or one that is there twice.
Result<calibration_table::Table> merge_tables(std::span<const std::filesystem::path> paths, Diagnostics& diagnostics);

// The hash that binds a table to a canonical graph.
std::string table_hash(const Graph& canonical);
// Errors: calibration_mismatch for a table of another graph or other preprocessing, and for one that lacks parts.
Result<void> check_table(const calibration_table::Table& table, const Graph& canonical, const std::string& preprocess);
// What the table has of the values that wait for ranges in a planned graph.
// Errors: calibration_mismatch, naming a value that it lacks.
Result<CalibrationTable> ranges_of(const calibration_table::Table& table, const Graph& planned);

}  // namespace dsq
