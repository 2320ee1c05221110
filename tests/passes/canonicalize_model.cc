// Canonicalizes a model and compares what it computes before and after, on random inputs and the portable backend.
// Prints how many nodes of each kind there were and are, and every note.
//
//   canonicalize_model MODEL [name=1,3,32,320]... [--dump FILE]
//
// Exit status 1 when outputs differ by more than 1e-4 of their largest magnitude.
#include <fstream>
#include <iostream>
#include <map>

#include "formats/onnx/import.h"
#include "passes/passes.h"
#include "src/ir/print.h"
#include "src/support/strings.h"
#include "tests/harness/numeric.h"

namespace {

using namespace dsq;  // NOLINT: a test program

std::map<std::string, int> count_ops(const Graph& graph) {
  std::map<std::string, int> counts;
  for (const NodeId id : graph.nodes()) {
    const Node& node = graph.node(id);
    ++counts[std::string(name_of(node.op))];
    if (const auto* branches = std::get_if<IfAttrs>(&node.attrs)) {
      for (const GraphRef& branch : {branches->then_graph, branches->else_graph}) {
        for (const auto& [op, count] : count_ops(*branch)) {
          counts["in if: " + op] += count;
        }
      }
    }
  }
  return counts;
}

struct Options {
  std::string model;
  std::string dump;
  onnx_format::ImportOptions import;
};

Options parse_options(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const size_t equals = argument.find('=');
    if (argument == "--dump" && i + 1 < argc) {
      options.dump = argv[++i];
    } else if (equals != std::string::npos) {
      Shape& shape = options.import.shapes[argument.substr(0, equals)];
      for (const std::string& size : split(argument.substr(equals + 1), ',')) {
        shape.push_back(std::stoll(size));
      }
    } else {
      options.model = argument;
    }
  }
  return options;
}

Result<std::string> run(const Options& options) {
  Diagnostics diag;
  onnx_format::Imported imported = DSQ_TRY(onnx_format::import_onnx(options.model, options.import, diag));
  const Graph before = imported.graph;
  Graph after = before;
  const Recipe recipe;
  PassContext context{recipe, nullptr, diag};
  const PassList* list = DSQ_TRY(find_pass_list("canonicalize"));
  const std::vector<PassRecord> records = DSQ_TRY(run_passes(after, *list, context));
  double milliseconds = 0;
  for (const PassRecord& record : records) {
    milliseconds += record.milliseconds;
  }
  std::map<std::string, int> then = count_ops(before);
  std::map<std::string, int> now = count_ops(after);
  for (const auto& [op, count] : now) {
    then.try_emplace(op, 0);
  }
  std::cout << options.model << "\n";
  for (const auto& [op, count] : then) {
    std::cout << fmt::format("  {:28} {:5} -> {:5}\n", op, count, now[op]);
  }
  std::cout << fmt::format("  {:28} {:5} -> {:5}   in {:.0f} ms\n", "all", before.nodes().size(), after.nodes().size(),
                           milliseconds);
  for (const Diagnostic& item : diag.items()) {
    std::cout << fmt::format("  {} [{}] {}: {}\n", item.severity == Severity::note ? "note" : "warning", item.pass,
                             item.where, item.text);
  }
  if (!options.dump.empty()) {
    std::ofstream(options.dump) << print(after, {.elide_constants = true});
  }
  const std::vector<Tensor> inputs = DSQ_TRY(dsq::testing::seeded_inputs(before, 1));
  const std::vector<Tensor> a = DSQ_TRY(dsq::testing::outputs_of(before, inputs));
  const std::vector<Tensor> b = DSQ_TRY(dsq::testing::outputs_of(after, inputs));
  return dsq::testing::numeric_difference(a, b, 1e-4);
}

}  // namespace

int main(int argc, char** argv) {
  const Result<std::string> difference = run(parse_options(argc, argv));
  if (!difference) {
    std::cout << code_name(difference.error().code) << ": " << difference.error().what << " "
              << difference.error().where << "\n";
    return 2;
  }
  std::cout << "  " << (difference->empty() ? "outputs are equal" : *difference) << "\n";
  return difference->empty() ? 0 : 1;
}
