// Gates: limits that the user wrote, held against the report. What dsquant aims at by itself is a warning.
#pragma once

#include <string>
#include <vector>

#include "src/report/report.h"
#include "src/support/diagnostics.h"
#include "src/toolchain/quantize.h"

namespace dsq {

// Limits on what outputs lose; also of `dsquant compare`.
struct OutputGates {
  std::optional<double> max_drop;       // points of the first of the report's losses
  std::optional<double> min_agreement;  // percent of choices, of every output that holds class scores or texts
  std::optional<double> min_cosine;     // of every output; of embeddings, the mean of their rows'
  std::optional<double> min_sqnr_db;    // of every output
};

// What was not measured fails. A limit that holds without being proved is a warning that says how many samples it takes.
void add_output_gates(Report& report, const OutputGates& gates, Diagnostics& diagnostics);

// All gates of a quantization, among them the 1 % of weights, sizes, outputs that became NaN, and a baseline. The aim
// that is missed where no limit was set is a warning.
void add_gates(Report& report, const QuantizeOptions& options, Diagnostics& diagnostics);

// No worse than `old`: what its first loss measures, within 0.005 points (SQNRs of outputs, where it has none, within
// 0.05 dB), and the file, within 0.1 %.
void add_baseline_gates(Report& report, const Report& old);

}  // namespace dsq
