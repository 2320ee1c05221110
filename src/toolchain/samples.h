// Opens samples of any kind that dsquant knows. The kind is told by the content, never by the file's name.
#pragma once

#include <filesystem>
#include <string>

#include "src/data/dataset.h"

namespace dsq {

struct SampleOptions {
  int64_t skip_bad = 0;  // so many samples that cannot be used are left out
};

// A .npz file of arrays named as the model's inputs, or a .npy file for a model with one input.
// Errors: file_unreadable, data_unreadable, data_mismatch, data_not_finite.
Result<Dataset> open_samples(const Graph& graph, const std::filesystem::path& path, const SampleOptions& options,
                             Diagnostics& diagnostics);

// One hash of all files that the samples are read from. Errors: those of reading.
Result<std::string> hash_of_samples(const std::filesystem::path& path);

}  // namespace dsq
