// Calibration on a small network: the same table for any number of threads and any batch, and what it refuses.
#include "calibration/calibrate.h"

#include <gtest/gtest.h>

#include "passes/passes.h"
#include "src/ir/parse.h"
#include "src/ops/infer.h"
#include "src/support/rng.h"

namespace dsq {
namespace {

Graph planned() {
  Result<Graph> graph = parse(R"(graph (%x: f32[?,3,8,8]) -> (%y) {
  %w1 = const f32[4,3,3,3] rand(seed=1)
  %w2 = const f32[4,4,3,3] rand(seed=2)
  %w3 = const f32[5,4,3,3] rand(seed=3)
  %a = conv(%x, %w1) {act=clip, act_b=inf} @"first"
  %b = conv(%a, %w2) {act=clip, act_b=6} @"middle"
  %y = conv(%b, %w3) @"last"
})");
  EXPECT_TRUE(graph);
  EXPECT_TRUE(infer_types(*graph));
  Recipe recipe;
  recipe.calibrated = true;
  Diagnostics diag;
  PassContext context{recipe, nullptr, diag};
  const Result<const PassList*> list = find_pass_list("plan");
  EXPECT_TRUE(list && run_passes(*graph, **list, context));
  return *graph;
}

Dataset samples(const Graph& graph, int64_t count, float scale = 1) {
  Tensor x(DType::f32, {count, 3, 8, 8});
  Rng rng(7);
  for (float& value : x.mutable_values<float>()) {
    value = rng.uniform(-scale, scale);
  }
  std::vector<std::pair<std::string, Tensor>> arrays;
  arrays.emplace_back("x", std::move(x));
  Diagnostics diag;
  Result<Dataset> data = Dataset::make(graph, std::move(arrays), diag);
  EXPECT_TRUE(data);
  return std::move(*data);
}

Result<CalibrationTable> table_of(const Graph& graph, const Dataset& data, int threads, int64_t batch) {
  Progress progress;
  return calibrate(graph, wanted_observations(graph), data, {"portable", threads, batch}, progress);
}

TEST(Calibrate, WatchesWhatIsPlanned) {
  const Graph graph = planned();
  const Result<CalibrationTable> table = table_of(graph, samples(graph, 5), 1, 2);
  ASSERT_TRUE(table) << table.error().what;
  ASSERT_EQ(table->values.size(), 3U);
  const ValueStats& x = table->values.at("x.u8");
  ASSERT_EQ(x.channels.size(), 1U);
  EXPECT_EQ(x.count, 5 * 3 * 8 * 8);
  EXPECT_LT(x.channels[0].low, -0.9F);
  EXPECT_GT(x.channels[0].high, 0.9F);
  EXPECT_EQ(table->values.at("a.u4").channels.size(), 4U);
  EXPECT_GE(table->values.at("a.u4").channels[0].low, 0);
}

TEST(Calibrate, ThreadsAndBatchesDoNotMatter) {
  const Graph graph = planned();
  const Dataset data = samples(graph, 37);
  const Result<CalibrationTable> first = table_of(graph, data, 1, 4);
  ASSERT_TRUE(first) << first.error().what;
  for (const int threads : {1, 2, 4}) {
    for (const int64_t batch : {1, 4, 16, 64}) {
      const Result<CalibrationTable> table = table_of(graph, data, threads, batch);
      ASSERT_TRUE(table) << table.error().what;
      EXPECT_EQ(first->values, table->values);
    }
  }
}

TEST(Calibrate, RefusesOverflowAndNamesTheValue) {
  const Graph graph = planned();
  const Result<CalibrationTable> table = table_of(graph, samples(graph, 9, 1.5e38F), 2, 2);
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().code, Code::data_not_finite);
  EXPECT_NE(table.error().where.find("value '"), std::string::npos) << table.error().where;
  EXPECT_NE(table.error().what.find("sample 0"), std::string::npos) << table.error().what;
}

}  // namespace
}  // namespace dsq
