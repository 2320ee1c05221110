// The pipeline's refusals, and what it leaves behind when a pass fails.
#include "passes/pipeline.h"

#include <algorithm>
#include <array>

#include <gtest/gtest.h>

#include "passes/pass_text.h"
#include "passes/passes.h"
#include "src/ir/parse.h"
#include "src/support/check.h"

namespace dsq {
namespace {

class PipelineTest : public ::testing::Test {
 protected:
  static Graph graph(std::string_view text) { return *parse(text); }

  Recipe recipe_;
  Diagnostics diag_;
  PassContext context_{recipe_, nullptr, diag_};
};

TEST_F(PipelineTest, UnknownPassNamesTheNearestAndRunsNothing) {
  Graph g = graph("graph (%x: f32[2]) -> (%y) { %y = relu(%x) }");
  const Graph before = g;
  const auto passes = std::to_array<std::string_view>({"infer_shapes", "fold_constnts"});
  const Result<std::vector<PassRecord>> result = run_passes(g, passes, context_);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::pass_unknown);
  EXPECT_NE(result.error().what.find("'fold_constants'"), std::string::npos) << result.error().what;
  EXPECT_TRUE(g == before);
}

TEST_F(PipelineTest, WrongStageNamesBoth) {
  Graph g = graph("graph stage=lowered (%x: f32[2]) -> (%y) { %y = relu(%x) : f32[2] }");
  const auto passes = std::to_array<std::string_view>({"fold_constants"});
  const Result<std::vector<PassRecord>> result = run_passes(g, passes, context_);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::pass_order);
  EXPECT_NE(
      result.error().what.find("pass fold_constants: it takes a graph at stage float, this one is at stage lowered"),
      std::string::npos)
      << result.error().what;
}

TEST_F(PipelineTest, RecordsWhatEachPassDid) {
  Graph g = graph("graph (%x: f32[2]) -> (%y) { %y = relu(%x) }");
  const auto passes = std::to_array<std::string_view>({"infer_shapes", "infer_shapes"});
  const Result<std::vector<PassRecord>> result = run_passes(g, passes, context_);
  ASSERT_TRUE(result) << result.error().what;
  ASSERT_EQ(result->size(), 2U);
  EXPECT_TRUE((*result)[0].changed);
  EXPECT_FALSE((*result)[1].changed);
  EXPECT_EQ((*result)[0].name, "infer_shapes");
}

TEST_F(PipelineTest, OffersWhatReplaysAFailureThatIsThePassesOwn) {
  std::vector<std::string> offered;
  PipelineOptions options;
  options.on_failure = [&](const PassFailure& failure, Error&) { offered.push_back(failure.passes); };
  const auto breaks = [](Graph& graph, PassContext&) -> Result<bool> {
    graph.add_node(OpKind::add, "bad", ActAttrs{}, {graph.inputs()[0]}, {"bad"});
    return true;
  };
  const auto checks = [](Graph&, PassContext&) -> Result<bool> {
    DSQ_CHECK(false, "this holds");
    return true;
  };
  const auto refuses = [](Graph&, PassContext&) -> Result<bool> { return fail(Code::selector_unmatched, "no"); };
  const auto restless = [](Graph& graph, PassContext&) -> Result<bool> {
    graph.add_constant("c", Tensor::scalar(1.0F));
    return true;
  };
  const auto idle = [](Graph&, PassContext&) -> Result<bool> { return false; };
  const auto stage = Stage::floating;
  const auto table = std::to_array<PassDef>({{"breaks", "", stage, stage, breaks},
                                             {"checks", "", stage, stage, checks},
                                             {"idle", "", stage, stage, idle},
                                             {"refuses", "", stage, stage, refuses},
                                             {"restless", "", stage, stage, restless}});
  const auto error_of = [&](std::string_view passes, std::string_view text) {
    offered.clear();
    Graph copy = graph(text);
    const Result<PassText> parsed = PassText::parse(passes, table);
    EXPECT_TRUE(parsed) << parsed.error().what;
    const Result<std::vector<PassRecord>> result = run_passes(copy, parsed->groups(), context_, options, table);
    return result ? Error{Code::not_applicable, {}, {}, {}} : result.error();
  };
  const std::string_view good = "graph (%x: f32[2]) -> (%y) { %y = relu(%x) : f32[2] }";
  EXPECT_EQ(error_of("idle,breaks,idle", good).code, Code::graph_invalid);
  EXPECT_EQ(offered, std::vector<std::string>{"breaks,idle"});
  EXPECT_EQ(error_of("(idle,checks)*,idle", good).code, Code::internal);
  EXPECT_EQ(offered, std::vector<std::string>{"checks,idle"});
  EXPECT_EQ(error_of("idle,(restless)*,idle", good).code, Code::pass_inconsistent);
  EXPECT_EQ(offered, std::vector<std::string>{"(restless)*,idle"});
  EXPECT_EQ(error_of("refuses", good).code, Code::selector_unmatched);
  EXPECT_TRUE(offered.empty());
  // The graph was broken before.
  EXPECT_EQ(error_of("breaks", "graph (%x: f32[2], %z: f32[3]) -> (%y) { %y = add(%x, %z) }").code,
            Code::graph_invalid);
  EXPECT_TRUE(offered.empty());
}

TEST(PassText, ReadsWhatItWrites) {
  for (const std::string_view text : {"fuse_bias", "fuse_bias,drop_dead", "(fuse_bias,drop_dead)*",
                                      "infer_shapes,(fuse_bias)*,drop_dead", "(fuse_bias)*,(drop_dead)*"}) {
    const Result<PassText> parsed = PassText::parse(text);
    ASSERT_TRUE(parsed) << text << ": " << parsed.error().what;
    EXPECT_EQ(text_of(parsed->groups()), text);
  }
  EXPECT_EQ(PassText::parse("fuse_bais").error().code, Code::pass_unknown);
  EXPECT_EQ(PassText::parse("").error().code, Code::usage);
  EXPECT_EQ(PassText::parse("(fuse_bias").error().code, Code::usage);
  EXPECT_EQ(PassText::parse("a,,b").error().code, Code::pass_unknown);
}

TEST_F(PipelineTest, PassesOfATableOfTheirOwnAreChecked) {
  Graph g = graph("graph (%x: f32[2]) -> (%y) { %y = relu(%x) : f32[2] }");
  const auto lies = [](Graph&, PassContext&) -> Result<bool> { return true; };
  const auto hides = [](Graph& graph, PassContext&) -> Result<bool> {
    graph.add_constant("c", Tensor::scalar(1.0F));
    return false;
  };
  const auto breaks = [](Graph& graph, PassContext&) -> Result<bool> {
    graph.add_node(OpKind::add, "bad", ActAttrs{}, {graph.inputs()[0]}, {"bad"});
    return true;
  };
  const auto restless = [](Graph& graph, PassContext&) -> Result<bool> {
    graph.add_constant("c", Tensor::scalar(1.0F));
    return true;
  };
  const auto oversteps = [](Graph& graph, PassContext&) -> Result<bool> {
    graph.add_node(OpKind::requantize, "early", NoAttrs{}, {graph.inputs()[0]}, {"early"});
    return true;
  };
  const auto error_of = [&](Result<bool> (*run)(Graph&, PassContext&), bool until_stable) {
    Graph copy = g;
    const PassDef pass{"probe", "", Stage::floating, Stage::floating, run};
    const std::string_view name = "probe";
    const PassGroup group{std::span(&name, 1), until_stable};
    const Result<std::vector<PassRecord>> result =
        run_passes(copy, std::span(&group, 1), context_, {}, std::span(&pass, 1));
    return result ? Error{Code::not_applicable, "no error", {}, {}} : result.error();
  };
  EXPECT_EQ(error_of(lies, false).code, Code::pass_inconsistent);
  EXPECT_EQ(error_of(lies, false).what, "pass probe: it said that it changed the graph; nothing is different");
  EXPECT_EQ(error_of(hides, false).code, Code::pass_inconsistent);
  EXPECT_EQ(error_of(breaks, false).code, Code::graph_invalid);
  EXPECT_EQ(error_of(oversteps, false).code, Code::pass_inconsistent);
  EXPECT_EQ(error_of(oversteps, false).what, "pass probe: requantize marks what planning decides (stage float)");
  EXPECT_EQ(error_of(restless, true).code, Code::pass_inconsistent);
  EXPECT_NE(error_of(restless, true).what.find("no rest after 8 rounds"), std::string::npos)
      << error_of(restless, true).what;
  EXPECT_EQ(error_of(restless, false).code, Code::not_applicable);
}

TEST(PassTable, IsSortedAndEveryListIsKnown) {
  EXPECT_TRUE(std::ranges::is_sorted(all_passes(), {}, &PassDef::name));
  for (const PassList& list : pass_lists()) {
    for (const PassGroup& group : list.groups) {
      for (const std::string_view name : group.passes) {
        EXPECT_TRUE(find_pass(name)) << list.name << ": " << name;
      }
    }
  }
}

}  // namespace
}  // namespace dsq
