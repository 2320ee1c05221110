// The user's own measure: a program that reads outputs and labels and prints a number, of which more is better.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "src/report/report.h"
#include "src/support/result.h"

namespace dsq {

class Tensor;

// What it is asked about, batch by batch, as the networks give it.
struct KeptOutputs {
  std::vector<std::vector<Tensor>> reference;
  std::vector<std::vector<Tensor>> quantized;
};

inline constexpr char kMetricGate[] = "metric command";  // fails where it gave no number

// The words of the command: parted at blanks, quotes and backslashes hold together. {outputs} and {labels}, wherever they
// stand in a word, become the names of files. No shell is involved, so nothing else is expanded.
// Errors: option_conflict for a command without {outputs}, or with {labels} where there are none.
Result<std::vector<std::string>> metric_words(const std::string& command, bool has_labels);

// Runs the command for the float outputs, then for the quantized ones. {outputs} is a .npz with an array for each output,
// by its name, samples first; {labels} a .npy of 64-bit integers. They lie in a folder that is there meanwhile. The last
// line that it prints is the number; stderr is passed on. What it prints less for quantized is the loss.
// Errors: metric_failed (it cannot be started, ends with another status than 0, prints no finite number), write_failed.
Result<LossReport> run_metric(const std::string& command, const std::vector<std::string>& names, KeptOutputs outputs,
                              const std::vector<int64_t>& labels, int64_t samples, std::optional<double> max_drop);

}  // namespace dsq
