// What changed between two reports: what went in, what came out, and which layers.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "src/report/report.h"

namespace dsq {

struct Change {
  std::string what;  // "options", "top-1 accuracy"
  std::string a;
  std::string b;
};

struct LayerChange {
  std::string name;
  std::string a;  // how it is held: "i8 per channel x u4 calibrated"; empty where it is in b alone
  std::string b;
  std::optional<double> output_sqnr_a;
  std::optional<double> output_sqnr_b;
  double weight_error_a = 0;
  double weight_error_b = 0;
  double effect = 0;  // of the noise, as a share of the signal: b's less a's
};

struct ReportDiff {
  std::vector<Change> inputs;       // tool, options, model, data
  std::vector<Change> results;      // verdict, accuracy, outputs, sizes, memory
  std::vector<LayerChange> layers;  // held otherwise, or with another error; the largest effect first
  std::vector<std::string> failed;  // gates that a met and b does not
  std::vector<std::string> mended;  // the other way round
  int64_t same_layers = 0;
  bool same() const { return inputs.empty() && results.empty() && layers.empty() && failed.empty() && mended.empty(); }
};

// Times and notes are not compared. Layers and gates are matched by name and, where names repeat, by order.
ReportDiff diff(const Report& a, const Report& b);

}  // namespace dsq
