// Opens samples of any kind that dsquant knows. The kind is told by the content, never by the file's name.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "src/data/dataset.h"
#include "src/data/preprocess.h"
#include "src/toolchain/sample_files.h"

namespace dsq {

struct SampleOptions {
  PreprocessOptions preprocess;                 // of pictures; arrays are taken as they are
  int64_t skip_bad = 0;                         // so many samples that cannot be used are left out
  std::optional<std::filesystem::path> labels;  // an array of integers, one for each sample, instead of the data's own
};

struct Samples {
  Dataset data;                      // with labels, where there are some
  std::string preprocess;            // of pictures, in words; empty without any
  std::vector<std::string> classes;  // names of the labels, where the files have them
};

// - .npz: arrays named as the model's inputs; .npy: the array of the only input.
// - idx, gzipped or not: the array of the only input; a picture for each entry where it holds bytes in three dimensions.
//   Labels come from the file beside it whose name has "labels-idx1" for "images-idx3".
// - A picture, or a folder of pictures whose sub-folders are classes (formats/picture/picture.h), for the only input.
// - A folder of ONNX test data (formats/onnx/test_data.h): each set is a sample; a single set is cut as arrays are.
// - A manifest (formats/manifest/manifest.h): a picture, a .npy file or an ONNX tensor for each input.
// Errors: file_unreadable, data_unreadable, data_mismatch, data_not_finite, option_conflict (preprocessing that does
// not fit), labels_mismatch. Samples in files of their own are looked at when their turn comes, unless some may be
// skipped.
Result<Samples> open_samples(const Graph& graph, const SampleFiles& files, const SampleOptions& options,
                             Diagnostics& diagnostics);
Result<Samples> open_samples(const Graph& graph, const std::filesystem::path& path, const SampleOptions& options,
                             Diagnostics& diagnostics);

// The same, without a look at any sample and with none left out: what cannot be used comes to light when it is read.
Result<Samples> find_samples(const Graph& graph, const SampleFiles& files, const SampleOptions& options,
                             Diagnostics& diagnostics);

}  // namespace dsq
