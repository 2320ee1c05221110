// What quantize() is given: options that agree with each other, data, labels, and where the results go.
#pragma once

#include <optional>
#include <vector>

#include "src/data/dataset.h"
#include "src/toolchain/quantize.h"

namespace dsq {

struct Inputs {
  std::optional<Dataset> data;        // ranges are calibrated on
  std::optional<Dataset> evaluation;  // the result is measured on; set where `data` is
  int64_t samples = 0;                // of --data, wherever they went
  std::string measured_on;            // as in the report
  std::string data_sha256;            // of the files that --data lies in
  std::string preprocess;             // of pictures, in words
};

struct OutputPaths {
  std::filesystem::path model;
  std::filesystem::path json;
  std::filesystem::path html;
  std::filesystem::path replay;  // of a pass that fails
};

OutputPaths output_paths(const QuantizeOptions& options);

// Contradictions, and places that cannot be written. Errors: option_conflict, write_failed; pass_unknown for a list that
// a pass of the caller shall precede.
Result<void> check_options(const QuantizeOptions& options);
// Errors: weights_not_finite, naming the tensor and a node that reads it.
Result<void> check_finite_weights(const Graph& graph);
// No sample serves both: without --eval-data a share is kept apart. Too few samples for that are a warning.
// Errors: those of open_samples(), labels_mismatch; option_conflict where --max-drop finds no labels.
Result<Inputs> read_inputs(const Graph& graph, const QuantizeOptions& options, Diagnostics& diagnostics);

// Labels that the network cannot give, where its number of classes is known. Errors: labels_mismatch.
Result<void> check_labels(const Graph& graph, const std::vector<int64_t>& labels);

}  // namespace dsq
