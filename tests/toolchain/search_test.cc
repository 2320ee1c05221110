// Mixed precision: which layers leave 4 bits, and what decides it.
#include <cmath>

#include <gtest/gtest.h>

#include "src/ir/parse.h"
#include "src/ops/infer.h"
#include "src/support/rng.h"
#include "src/toolchain/search.h"

namespace dsq {
namespace {

// Two paths: one is multiplied by 0.001 before they meet, so that what its layer loses hardly counts.
constexpr std::string_view kNetwork = R"(graph (%x: f32[?,8]) -> (%y) {
  %w0 = const f32[16,8] rand(seed=1)
  %wa = const f32[16,16] rand(seed=2)
  %wb = const f32[16,16] rand(seed=3)
  %w1 = const f32[4,16] rand(seed=4)
  %small = const f32[1] {0.001}
  %h = linear(%x, %w0) {act=clip, act_b=inf} @"first"
  %a = linear(%h, %wa) {act=clip, act_b=inf} @"loud"
  %h2 = sigmoid(%h)
  %b = linear(%h2, %wb) {act=clip, act_b=inf} @"quiet"
  %c = mul(%b, %small)
  %s = add(%a, %c)
  %y = linear(%s, %w1) @"last"
})";

struct Bench {
  Bench() {
    Result<Graph> parsed = parse(kNetwork);
    EXPECT_TRUE(parsed && infer_types(*parsed)) << (parsed ? "" : parsed.error().what);
    graph = *parsed;
    Tensor x(DType::f32, {64, 8});
    Rng rng(5);
    for (float& value : x.mutable_values<float>()) {
      value = rng.normal();
    }
    std::vector<std::pair<std::string, Tensor>> arrays;
    arrays.emplace_back("x", std::move(x));
    inputs.data = *Dataset::make(graph, std::move(arrays), diagnostics);
    inputs.evaluation = inputs.data;
    options.backend = "portable";
    options.recipe.calibrated = true;
  }
  Result<Found> search() {
    Attempts attempts(graph, inputs, options, pipeline, progress);
    Attempt start = DSQ_TRY(attempts.make(options.recipe));
    EXPECT_TRUE(*attempts.set_apart(diagnostics));
    DSQ_TRY(attempts.repair(start));
    return search_plan(attempts, std::move(start));
  }
  Graph graph;
  Diagnostics diagnostics;
  Progress progress;
  PipelineOptions pipeline;
  Inputs inputs;
  QuantizeOptions options;
};

TEST(Search, NothingMovesWhereTheAimIsMet) {
  Bench bench;
  bench.options.mixed.aim = 100;
  const Result<Found> found = bench.search();
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_TRUE(found->attempt.recipe.plan.empty());
  ASSERT_EQ(found->front.size(), 1U);
  EXPECT_NEAR(found->front[0].share, 512.0 / 704.0, 1e-9);  // the inner layers; the first and last have 8 bits
}

TEST(Search, WhatCountsMostForItsWorkMovesFirst) {
  Bench bench;
  bench.options.mixed.target_share = 0.3;  // each inner layer has 0.36: one of them has to stay
  const Result<Found> found = bench.search();
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_TRUE(found->attempt.recipe.plan.contains("loud"));
  EXPECT_FALSE(found->attempt.recipe.plan.contains("quiet"));
  EXPECT_GE(found->front[found->chosen].share, 0.3);
}

TEST(Search, ThePlanOnTheHullMakesLessNoiseForLessWorkLeft) {
  Bench bench;
  bench.options.mixed.target_share = 0.3;
  const Result<Found> found = bench.search();
  ASSERT_TRUE(found);
  for (size_t k = 1; k < found->front.size(); ++k) {
    EXPECT_LE(found->front[k].share, found->front[k - 1].share);
    EXPECT_LE(found->front[k].noise, found->front[k - 1].noise);
  }
}

TEST(Search, AnAimThatFourBitsMissIsMetByOthers) {
  Bench bench;
  bench.options.output_kind = OutputKind::other;
  const Result<Found> four = [&] {
    Bench all;
    all.options.output_kind = OutputKind::other;
    all.options.mixed.aim = 100;
    return all.search();
  }();
  ASSERT_TRUE(four);
  const double lost = four->front[0].seen->loss.points;
  bench.options.mixed.aim = lost / 4;
  const Result<Found> found = bench.search();
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->within_aim);
  EXPECT_LE(found->front[found->chosen].seen->loss.points, lost / 4);
  EXPECT_TRUE(found->attempt.recipe.plan.contains("loud"));
}

TEST(Search, WhatTheUserDecidedStays) {
  Bench bench;
  bench.options.mixed.target_share = 0;
  bench.options.recipe.plan["loud"] = Precision::int4;
  bench.options.recipe.keep.push_back({"quiet", Precision::int8});
  bench.options.recipe.keep.push_back({"last", Precision::fp16});  // whose weights are halves then
  const Result<Found> found = bench.search();
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_EQ(found->attempt.recipe.plan.at("loud"), Precision::int4);
  EXPECT_FALSE(found->attempt.recipe.plan.contains("quiet"));
}

TEST(Search, FallbacksAreTheUsers) {
  for (const auto& [fallback, precision] :
       {std::pair(Fallback::int8, Precision::int8), std::pair(Fallback::fp16, Precision::fp16)}) {
    Bench bench;
    bench.options.mixed.target_share = 0;
    bench.options.mixed.fallback = fallback;
    const Result<Found> found = bench.search();
    ASSERT_TRUE(found) << found.error().what;
    EXPECT_EQ(found->attempt.recipe.plan.at("loud"), precision);
  }
}

// Integers that other operators hand on to a layer can be finer too.
TEST(Search, SeesLayersBehindWhatHandsIntegersOn) {
  Bench bench;
  Result<Graph> parsed = parse(R"(graph (%x: f32[?,8]) -> (%y) {
    %w0 = const f32[16,8] rand(seed=1)
    %w1 = const f32[16,16] rand(seed=2)
    %w2 = const f32[4,16] rand(seed=4)
    %h = linear(%x, %w0) {act=clip, act_b=inf} @"first"
    %i = identity(%h)
    %a = linear(%i, %w1) {act=clip, act_b=inf} @"behind"
    %y = linear(%a, %w2) @"last"
  })");
  ASSERT_TRUE(parsed && infer_types(*parsed)) << (parsed ? "" : parsed.error().what);
  bench.graph = *parsed;
  bench.options.mixed.target_share = 0;
  const Result<Found> found = bench.search();
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_TRUE(found->front.back().plan.contains("behind"));
}

}  // namespace
}  // namespace dsq
