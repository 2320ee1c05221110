// Makes a .dsq file once more from what it says of its making, and compares the bytes.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "formats/dsq/model.h"
#include "src/support/diagnostics.h"
#include "src/support/progress.h"
#include "src/support/result.h"
#include "src/toolchain/diff.h"

namespace dsq {

struct Recorded {
  std::filesystem::path path;
  Provenance provenance;
  std::string command;  // the whole line: "dsquant --weights int8 --act int4 model.onnx -o model.dsq"
};

// Errors: those of reading; dsq_invalid when the file does not say how it was made.
Result<Recorded> read_record(const std::filesystem::path& artefact);

struct ReproduceOptions {
  std::optional<std::filesystem::path> model;  // none: beside the artefact, under the name that it has there
  std::optional<std::filesystem::path> data;
  std::optional<std::filesystem::path> calibration;
  std::optional<std::filesystem::path> eval_data;  // matters only where samples of `data` are in it
  int threads = 0;
};

struct Reproduction {
  std::vector<Change> changed;  // a: as recorded, b: here; versions may differ without harm, model and data may not
  bool remade = false;          // false: the model or the data are others, so nothing was made
  bool same = false;            // every byte
  int64_t bytes = 0;            // of the artefact, and of what was made
  int64_t made_bytes = 0;
  bool needs_eval_data = false;  // it is not the same, and was made with --eval-data, which is not given
  std::string difference;        // the first one between the graphs; empty where only the packing differs
};

// Errors: data_mismatch when the data are needed and not given; those of quantize().
Result<Reproduction> reproduce(const Recorded& recorded, const ReproduceOptions& options, Diagnostics& diagnostics,
                               Progress& progress);

}  // namespace dsq
