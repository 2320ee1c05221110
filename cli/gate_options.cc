#include "cli/gate_options.h"

#include "cli/options.h"
#include "src/report/metrics.h"

namespace dsq::cli {

void add_output_gates(CLI::App& app, OutputGates& gates) {
  add_number(app, "--max-drop", gates.max_drop, -100, 100, "POINTS",
             "Fail (exit status 1) when more is lost: points of top-1 with labels, otherwise as --output-kind says; of "
             "the metric command, in its unit");
  add_number(app, "--min-agreement", gates.min_agreement, 0, 100, "PERCENT",
             "Fail when fewer choices of classes are those of float");
  add_number(app, "--min-cosine", gates.min_cosine, -1, 1, "COSINE",
             "Fail when an output's cosine with float is below");
  add_number(app, "--min-sqnr", gates.min_sqnr_db, -kSqnrCapDb, kSqnrCapDb, "DB",
             "Fail when an output's SQNR against float is below");
}

void add_output_kind(CLI::App& app, std::optional<OutputKind>& kind) {
  add_choice_function(
      app, "--output-kind", [&kind](const std::string& given) { kind = output_kind_from(given); },
      {"scores", "text", "mask", "embedding", "other"},
      "What outputs are: scores of classes (lost: the estimated drop), a text read step by step (of characters), masks "
      "(1 - F1), embeddings (1 - cosine), other (noise); default: recognised");
}

void add_ci_files(CLI::App& app, CiFiles& files) {
  add_optional_path(app, "--junit", files.junit, "Write gates and layers as JUnit XML, too");
  add_optional_path(app, "--sarif", files.sarif, "Write what failed and warnings as SARIF 2.1.0, too");
  add_optional_path(app, "--markdown", files.markdown, "Write a summary as Markdown, too");
}

}  // namespace dsq::cli
