// What a set of samples holds, and what is odd about it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "src/support/progress.h"
#include "src/toolchain/samples.h"

namespace dsq {

struct DataCheck {
  struct Input {
    std::string name;
    std::string wanted;               // by the model: "f32[?,3,224,224]"
    std::vector<std::string> shapes;  // of samples, each once, in the order of their first use
    double low = 0;                   // over all finite values
    double high = 0;
    double mean = 0;
    double deviation = 0;
  };
  struct Label {
    int64_t label = 0;
    std::string name;  // of the class, where it has one
    int64_t samples = 0;
  };
  struct Finding {
    std::string place;  // "sample 4", or its file
    std::string what;
  };
  int64_t samples = 0;
  std::string preprocess;  // of pictures, in words
  std::vector<Input> inputs;
  std::vector<Label> labels;                         // ascending; empty without labels
  std::vector<std::vector<std::string>> duplicates;  // places of samples with the same bytes
  std::vector<std::string> contradictions;           // first places of duplicates whose labels differ
  std::vector<Finding> outliers;                     // constant samples, and those whose mean or deviation is far off
  std::vector<Finding> bad;                          // cannot be read, do not fit, or hold what is not finite
  std::optional<Error> first_bad;
};

// Reads every sample once, on all threads, and keeps a few numbers of each. An outlier's mean or deviation is further
// from the median of all than kFar times the usual distance (1.4826 times the median distance; Leys et al., "Detecting
// outliers", 2013). Errors: those of find_samples(), labels_mismatch for labels that the network cannot give.
inline constexpr double kFar = 6;
Result<DataCheck> check_data(const Graph& graph, const std::filesystem::path& path, const SampleOptions& options,
                             Diagnostics& diagnostics, Progress& progress);

}  // namespace dsq
