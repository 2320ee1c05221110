// What quantize() is given: options that agree with each other, data, labels, and where the results go.
#pragma once

#include <optional>
#include <vector>

#include "src/data/dataset.h"
#include "src/toolchain/quantize.h"

namespace dsq {

struct Inputs {
  std::optional<Dataset> data;
  std::string data_sha256;  // of the files that it lies in
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
// Errors: those of open_samples(), labels_mismatch.
Result<Inputs> read_inputs(const Graph& graph, const QuantizeOptions& options, Diagnostics& diagnostics);

}  // namespace dsq
