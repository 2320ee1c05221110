// What is said of layers, of their inputs, and of what stays float.
#include "src/toolchain/facts.h"

#include <gtest/gtest.h>

#include "passes/passes.h"
#include "src/ir/parse.h"
#include "src/ops/infer.h"
#include "src/toolchain/nested.h"

namespace dsq {
namespace {

constexpr const char* kNetwork = R"(graph (%x: f32[?,3,8,8]) -> (%y, %z) {
  %w1 = const f32[4,3,3,3] rand(seed=1)
  %w2 = const f32[4,1,3,3] rand(seed=2)
  %w3 = const f32[5,64] rand(seed=3)
  %s = const i64[2] {-1, 64}
  %a = conv(%x, %w1) {act=clip, act_b=inf} @"first"
  %b = conv(%a, %w2) {group=4} @"depthwise"
  %g = sigmoid(%b) @"gate"
  %h = tanh(%b) @"other"
  %z = mul(%g, %h) @"product"
  %f = reshape(%b, %s) @"flatten"
  %y = linear(%f, %w3) @"last"
})";

Graph parsed(const std::string& text) {
  Result<Graph> graph = parse(text);
  EXPECT_TRUE(graph) << (graph ? "" : graph.error().what);
  EXPECT_TRUE(infer_types(*graph));
  return graph ? std::move(*graph) : Graph();
}

Graph after(const Graph& graph, const Recipe& recipe, const std::vector<std::string_view>& lists) {
  Graph made = graph;
  Diagnostics diag;
  PassContext context{recipe, nullptr, diag};
  for (const std::string_view list : lists) {
    const Result<PassLog> done = run_list(list, made, context);
    EXPECT_TRUE(done) << (done ? "" : done.error().what);
  }
  return made;
}

const std::vector<TensorType> kSample = {{DType::f32, Shape{1, 3, 8, 8}}};

TEST(Facts, LayersAsTheyAreStored) {
  const Graph reference = parsed(kNetwork);
  Recipe recipe;
  recipe.keep = {{"last", Precision::fp16}};
  const std::vector<LayerReport> layers =
      layer_facts(reference, after(reference, recipe, {"plan", "assign", "store"}), kSample);
  ASSERT_EQ(layers.size(), 3U);
  EXPECT_EQ(layers[0].name, "first");
  EXPECT_EQ(layers[0].op, "conv");
  EXPECT_EQ(layers[0].output_shape, "[1,4,6,6]");
  EXPECT_EQ(layers[0].macs, 4 * 6 * 6 * 3 * 9);
  EXPECT_EQ(layers[0].weights, 4 * 3 * 9);
  EXPECT_EQ(layers[0].float_bytes, 4 * 3 * 9 * 4);
  EXPECT_EQ(layers[0].stored_bytes, 4 * 3 * 9 + 4 * 4);
  EXPECT_EQ(layers[0].weight_type, "i8");
  EXPECT_EQ(layers[0].act_type, "u8");
  EXPECT_EQ(layers[0].range, "per_sample");
  EXPECT_EQ(layers[0].granularity, "per channel");
  EXPECT_TRUE(layers[0].integer);
  EXPECT_GT(layers[0].weight_error, 0);
  EXPECT_LE(layers[0].weight_error, 0.01);
  EXPECT_EQ(layers[1].macs, 4 * 4 * 4 * 9);
  EXPECT_EQ(layers[1].act_type, "u4");
  EXPECT_EQ(layers[2].weight_type, "f16");
  EXPECT_EQ(layers[2].act_type, "f32");
  EXPECT_EQ(layers[2].range, "none");
  EXPECT_FALSE(layers[2].integer);
}

TEST(Facts, LayersOfNestedGraphsComeLast) {
  const Graph reference = parsed(R"(graph (%c: bool[], %x: f32[2,4]) -> (%y) {
  %w = const f32[4,4] rand(seed=1)
  %h = if_else(%c, %x) {then=graph stage=float (%u: f32[2,4]) -> (%v) {
    %k = const f32[4,4] rand(seed=2)
    %v = linear(%u, %k) @"inner" : f32[2,4]
  }, else=graph stage=float (%u: f32[2,4]) -> (%e) {
    %e = relu(%u) : f32[2,4]
  }} @"choice"
  %y = linear(%h, %w) @"outer"
})");
  const std::vector<LayerReport> layers =
      layer_facts(reference, after(reference, Recipe(), {"plan", "assign", "store"}), {});
  ASSERT_EQ(layers.size(), 2U);
  EXPECT_EQ(layers[0].name, "outer");
  EXPECT_EQ(layers[1].name, "inner");
  EXPECT_EQ(layers[1].weight_type, "i8");
}

TEST(Facts, InputsOfTheLayersThatHaveIntegers) {
  const Graph reference = parsed(kNetwork);
  Recipe recipe;
  recipe.keep = {{"depthwise", Precision::floating}};
  const std::vector<LayerInput> inputs = layer_inputs(reference, after(reference, recipe, {"plan", "assign", "store"}));
  ASSERT_EQ(inputs.size(), 2U);
  EXPECT_EQ(inputs[0].layer, 0U);
  EXPECT_EQ(inputs[0].value, "x");
  EXPECT_EQ(inputs[0].spec.storage, DType::u8);
  EXPECT_FALSE(inputs[0].params);
  EXPECT_EQ(inputs[1].layer, 2U);
  EXPECT_EQ(inputs[1].value, "f");
}

TEST(Facts, WhatStaysFloatIsGroupedByReason) {
  const Graph lowered = after(parsed(kNetwork), Recipe(), {"plan", "assign", "store", "lower"});
  const std::vector<FloatPart> parts = float_facts(lowered, Reasons(Diagnostics()));
  ASSERT_EQ(parts.size(), 3U);  // moving values is no loss: the reshape is not named
  EXPECT_EQ(parts[0].op, "sigmoid");
  EXPECT_EQ(parts[0].nodes, std::vector<std::string>{"gate"});
  EXPECT_EQ(parts[1].op, "tanh");
  EXPECT_EQ(parts[0].reason, parts[1].reason);
  EXPECT_EQ(parts[2].op, "mul");
  EXPECT_EQ(parts[2].reason, "it has no integer form");
}

TEST(Facts, ReasonsOfLayersWithOneNameComeInOrder) {
  const Graph network = parsed(R"(graph (%x: f32[2,4]) -> (%y) {
  %v = const f32[4,4] rand(seed=1)
  %w = const f32[4,4] rand(seed=2)
  %a = linear(%x, %v) @"same"
  %b = linear(%a, %w)
  %y = linear(%b, %w) @"same"
})");
  Diagnostics diagnostics;
  diagnostics.enter_pass("plan_quant");
  diagnostics.note("same", "first");
  diagnostics.note("same", "second");
  diagnostics.note("b", "of one without a name");
  const std::vector<FloatPart> parts = float_facts(network, Reasons(diagnostics));
  ASSERT_EQ(parts.size(), 3U);
  EXPECT_EQ(parts[0].reason, "first");
  EXPECT_EQ(parts[1].reason, "of one without a name");
  EXPECT_EQ(parts[1].nodes, std::vector<std::string>{"b"});
  EXPECT_EQ(parts[2].reason, "second");
}

}  // namespace
}  // namespace dsq
