// Every float pass, and every list of float passes, on random graphs: outputs stay what they were, the text form is a
// fixpoint, two runs give one result.
#include <algorithm>

#include <gtest/gtest.h>

#include "passes/passes.h"
#include "src/ir/compare.h"
#include "src/ir/parse.h"
#include "src/ir/print.h"
#include "src/ops/verify.h"
#include "tests/harness/numeric.h"
#include "tests/harness/random_graph.h"

namespace dsq::testing {
namespace {

constexpr uint64_t kGraphs = 250;
constexpr double kTolerance = 2e-5;

bool is_float_list(const PassList& list) {
  return std::ranges::all_of(list.groups, [](const PassGroup& group) {
    return std::ranges::all_of(group.passes, [](std::string_view name) {
      const PassDef* pass = *find_pass(name);
      return pass->from == Stage::floating && pass->to == Stage::floating;
    });
  });
}

// Runs `what` - a pass or a list - twice on copies of the graph.
void check(const Graph& graph, const std::vector<Tensor>& inputs, const std::vector<Tensor>& wanted,
           std::string_view what, const std::function<Result<std::vector<PassRecord>>(Graph&, PassContext&)>& run) {
  const Recipe recipe;
  Diagnostics diag;
  PassContext context{recipe, nullptr, diag};
  Graph once = graph;
  const Result<std::vector<PassRecord>> records = run(once, context);
  ASSERT_TRUE(records) << what << ": " << records.error().what << " " << records.error().where << "\n" << print(graph);
  if (std::ranges::none_of(*records, &PassRecord::changed)) {
    return;
  }
  Graph twice = graph;
  ASSERT_TRUE(run(twice, context));
  EXPECT_EQ(structural_hash(once), structural_hash(twice)) << what;
  const Result<std::vector<Tensor>> got = outputs_of(once, inputs);
  ASSERT_TRUE(got) << what << ": " << got.error().what << " " << got.error().where << "\n"
                   << print(graph) << print(once);
  EXPECT_EQ(numeric_difference(wanted, *got, kTolerance), "") << what << "\n" << print(graph) << print(once);
  const Result<std::vector<PassRecord>> again = run(once, context);
  ASSERT_TRUE(again) << what;
  EXPECT_TRUE(std::ranges::none_of(*again, &PassRecord::changed)) << what << " changes its own result\n"
                                                                  << print(graph) << print(once);
}

class RandomGraph : public ::testing::TestWithParam<uint64_t> {};

TEST_P(RandomGraph, PassesPreserveOutputs) {
  for (uint64_t seed = GetParam(); seed < GetParam() + kGraphs / 10; ++seed) {
    SCOPED_TRACE(seed);
    const Graph graph = random_graph(seed);
    const Result<void> valid = verify(graph);
    ASSERT_TRUE(valid) << valid.error().what << " " << valid.error().where << "\n" << print(graph);
    Graph compacted = graph;
    compacted.compact();
    const Result<Graph> read_back = parse(print(compacted));
    ASSERT_TRUE(read_back) << read_back.error().what;
    ASSERT_TRUE(*read_back == compacted) << print(compacted);
    const Result<std::vector<Tensor>> inputs = seeded_inputs(graph, seed);
    ASSERT_TRUE(inputs);
    const Result<std::vector<Tensor>> wanted = outputs_of(graph, *inputs);
    ASSERT_TRUE(wanted) << wanted.error().what << " " << wanted.error().where << "\n" << print(graph);
    for (const PassDef& pass : all_passes()) {
      if (pass.from == Stage::floating && pass.to == Stage::floating) {
        check(graph, *inputs, *wanted, pass.name,
              [&](Graph& g, PassContext& context) { return run_passes(g, std::span(&pass.name, 1), context); });
      }
    }
    for (const PassList& list : pass_lists()) {
      if (is_float_list(list)) {
        check(graph, *inputs, *wanted, list.name,
              [&](Graph& g, PassContext& context) { return run_passes(g, list, context); });
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomGraph, ::testing::Range<uint64_t>(0, kGraphs, kGraphs / 10));

}  // namespace
}  // namespace dsq::testing
