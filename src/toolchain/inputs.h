// What quantize() is given: options that agree with each other, data, labels, and where the results go.
#pragma once

#include <optional>
#include <vector>

#include "formats/calibration/table.h"
#include "src/data/dataset.h"
#include "src/toolchain/quantize.h"

namespace dsq {

struct Inputs {
  std::optional<Dataset> data;        // ranges are calibrated on
  std::optional<Dataset> evaluation;  // the result is measured on; set where `data` is
  const std::optional<Dataset>& any() const { return data ? data : evaluation; }
  int64_t samples = 0;                            // of --data, wherever they went
  std::string measured_on;                        // as in the report
  std::string data_sha256;                        // of the files that --data lies in
  std::string preprocess;                         // of pictures, in words
  std::vector<std::string> classes;               // names of the labels of `evaluation`, where there are some
  std::optional<calibration_table::Table> table;  // ranges come from, where `data` does not give them
  std::string table_sha256;
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
// No sample serves both: without --eval-data a share is kept apart; what is in --eval-data is not calibrated on. Too few
// samples for that are a warning. Errors: those of open_samples(); data_mismatch where --eval-data leaves no samples to
// calibrate on; option_conflict where --max-drop finds no labels.
Result<Inputs> read_inputs(const Graph& graph, const QuantizeOptions& options, Diagnostics& diagnostics);

// Labels that the network cannot give, where its number of classes is known. Errors: labels_mismatch.
Result<void> check_labels(const Graph& graph, const Dataset& data);

// Labels of samples that the network does not sort into these classes are left out with a warning, where they came with
// the samples and nothing asks for accuracy. Errors: labels_mismatch where something does, at label_file().
Result<void> settle_labels(const Graph& canonical, const QuantizeOptions& options, Diagnostics& diagnostics,
                           Inputs& inputs);
std::string label_file(const QuantizeOptions& options);  // that the labels of the evaluation come from

}  // namespace dsq
