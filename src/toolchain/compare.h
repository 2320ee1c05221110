// Two models on the same inputs: how far their outputs are apart, and where they begin to part.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "src/report/output_kind.h"
#include "src/report/report.h"
#include "src/toolchain/run.h"

namespace dsq {

struct CompareOptions {
  RunOptions run;
  double threshold_db = 40;               // values of the same name part where the SQNR of b against a is below
  std::optional<OutputKind> output_kind;  // what outputs are; none: recognised
  std::optional<double> max_drop;         // points that the first of the report's losses is held to
  bool need_labels = false;               // labels that do not fit are an error; otherwise they are left out
};

struct ValueDifference {
  std::string name;
  std::string op;   // that makes it in model a
  TensorType type;  // in model a
  double sqnr_db = 0;
  double max_abs = 0;
  double cosine = 0;
  int64_t worst = 0;  // the element with the largest difference, in row-major order, and what it is in a and in b
  double worst_a = 0;
  double worst_b = 0;
};

struct Comparison {
  int64_t samples = 0;
  std::vector<ValueDifference> outputs;  // on all samples
  int64_t traced_samples = 0;
  std::vector<ValueDifference> values;  // inner values of the same name, in a's order, on the first samples
  std::optional<size_t> parting;        // index into `values`
  Report report;                        // outputs, losses and accuracy of b against a; gates are the caller's
};

struct NamedGraph {
  const Graph& graph;
  std::string name;  // of its file, for errors
};

// Outputs are matched by name. Integer values are compared as the numbers that they stand for; ranges that are taken at
// run time leave none, so such values are skipped. Accuracy is measured where `data` has labels. Errors: data_mismatch
// when an output has no partner or another shape; labels_mismatch; those of running.
Result<Comparison> compare(const NamedGraph& first, const NamedGraph& second, const Dataset& data,
                           const CompareOptions& options, Progress& progress);

}  // namespace dsq
