// Recovery: a layer as a matrix product, least squares with a hold-out, rounding by covariance, and the walk that joins them.
#include <algorithm>
#include <cmath>
#include <numeric>

#include <gtest/gtest.h>

#include "calibration/recover.h"
#include "calibration/refit.h"
#include "calibration/round_weights.h"
#include "calibration/walk.h"
#include "passes/passes.h"
#include "src/ir/parse.h"
#include "src/ops/infer.h"
#include "src/quant/weights.h"
#include "src/report/metrics.h"
#include "src/runner/runner.h"
#include "src/support/rng.h"
#include "src/toolchain/simulate.h"

namespace dsq {
namespace {

Graph parsed(const std::string& text) {
  Result<Graph> graph = parse(text);
  EXPECT_TRUE(graph && infer_types(*graph));
  return *graph;
}

Tensor noise(Shape shape, uint64_t seed) {
  Tensor tensor(DType::f32, std::move(shape));
  Rng rng(seed);
  for (float& value : tensor.mutable_values<float>()) {
    value = rng.normal();
  }
  return tensor;
}

// What rows times weights say against what the layer's kernel says.
void expect_product(const std::string& x, const std::string& rest) {
  const Graph graph = parsed("graph (%x: f32" + x + ") -> (%y) {\n" + rest + "\n}");
  const QuantLayer layer = *quant_layer_at(graph, graph.topo_order()[0]);
  const Tensor input = noise(*graph.value(graph.inputs()[0]).type.shape, 5);
  Runner runner(graph, {"portable", 1, {}});
  const Tensor y = (*runner.run(std::span(&input, 1)))[0].clone();
  const LayerWeights weights = weights_of(layer, *graph.constant(layer.w), graph.constant(layer.bias));
  LayerSums sums = empty_sums(layer);
  ASSERT_TRUE(add_batch(sums, graph, layer, weights, input, input, 1 << 20));
  double square = 0;
  for (const float value : y.values<float>()) {
    square += static_cast<double>(value) * value;
  }
  EXPECT_NEAR(total_square(sums), square, 1e-4 * square) << rest;
  EXPECT_NEAR(squared_error(sums, weights), 0, 1e-5 * square) << rest;
}

TEST(LayerSums, RowsTimesWeightsAreTheLayer) {
  expect_product("[2,5]", "%w = const f32[3,5] rand(seed=1)\n%b = const f32[3] rand(seed=2)\n%y = linear(%x, %w, %b)");
  expect_product("[2,3,4,5]", "%w = const f32[3,5] rand(seed=1)\n%y = linear(%x, %w)");
  expect_product("[2,4,7,6]",
                 "%w = const f32[6,2,3,2] rand(seed=1)\n%b = const f32[6] rand(seed=2)\n"
                 "%y = conv(%x, %w, %b) {group=2, strides=[2,1], pads=[1,0,2,1], dilations=[1,2]}");
  expect_product("[2,4,9]", "%w = const f32[4,1,3] rand(seed=1)\n%y = conv(%x, %w) {group=4, pads=[1,1]}");
  expect_product("[2,4,5,4]",
                 "%w = const f32[4,3,3,2] rand(seed=1)\n%b = const f32[6] rand(seed=2)\n"
                 "%y = conv_transpose(%x, %w, %b) {group=2, strides=[2,3], pads=[1,0,0,1], output_padding=[1,0]}");
}

// A linear layer of 6 inputs, of which the second is nearly the first, and 4 outputs.
struct Case {
  Graph graph = parsed(
      "graph (%x: f32[?,6]) -> (%y) {\n%w = const f32[4,6] rand(seed=3)\n"
      "%b = const f32[4] rand(seed=4)\n%y = linear(%x, %w, %b)\n}");
  QuantLayer layer = *quant_layer_at(graph, graph.topo_order()[0]);
  LayerWeights weights = weights_of(layer, *graph.constant(layer.w), graph.constant(layer.bias));

  // Inputs with an error of this size in their first channel and an offset in all.
  LayerSums sums(int64_t rows, float error, float offset, uint64_t seed) const {
    Tensor was = noise({rows, 6}, seed);
    const Tensor more = noise({rows, 6}, seed + 1);
    Tensor is(DType::f32, {rows, 6});
    for (int64_t i = 0; i < rows * 6; ++i) {
      const auto at = static_cast<size_t>(i);
      if (i % 6 == 1) {
        was.mutable_values<float>()[at] = was.values<float>()[at - 1] + 0.05F * more.values<float>()[at];
      }
      is.mutable_values<float>()[at] =
          was.values<float>()[at] + offset + (i % 6 == 0 ? error * more.values<float>()[at] : 0.0F);
    }
    LayerSums sums = empty_sums(layer);
    EXPECT_TRUE(add_batch(sums, graph, layer, weights, is, was, rows));
    return sums;
  }
};

TEST(Refit, TakesFromTheNeighbourWhatAnInputLost) {
  const Case c;
  const LayerSums held = c.sums(500, 1.0F, 0, 21);
  const Refit found = refit(c.sums(2000, 1.0F, 0, 11), held, c.weights, true);
  EXPECT_LT(found.error, 0.1 * squared_error(held, c.weights));
  EXPECT_NE(found.steps.find("weights and bias"), std::string::npos) << found.steps;
}

TEST(Refit, MovesTheBiasAloneWhereThatIsAllThereIs) {
  const Case c;
  const LayerSums held = c.sums(500, 0, 0.5F, 21);
  const Refit found = refit(c.sums(2000, 0, 0.5F, 11), held, c.weights, true);
  EXPECT_LT(found.error, 1e-3 * squared_error(held, c.weights));
}

TEST(Refit, LeavesAloneWhatIsRight) {
  const Case c;
  const Refit found = refit(c.sums(200, 0, 0, 11), c.sums(100, 0, 0, 21), c.weights, true);
  EXPECT_EQ(found.steps, "");
  EXPECT_EQ(found.weights, c.weights);
}

TEST(Refit, FourRowsTeachNothing) {
  const Case c;
  const LayerSums held = c.sums(500, 0.05F, 0, 21);
  EXPECT_LE(refit(c.sums(4, 0.05F, 0, 11), held, c.weights, true).error, squared_error(held, c.weights));
}

TEST(RoundWeights, NeighboursMakeGoodWhatRoundingLost) {
  const Case c;
  const LayerSums sums = c.sums(2000, 0, 0, 11);
  const Tensor& w = *c.graph.constant(c.layer.w);
  StoredWeights nearest = store_weights(w, {0, 0}, 8);
  for (float& scale : nearest.params.scale) {
    scale *= 16;  // coarse steps, so that rounding is felt
  }
  const auto error = [&](const StoredWeights& stored) {
    return squared_error(sums,
                         weights_of(c.layer, restore(stored.values, stored.params), c.graph.constant(c.layer.bias)));
  };
  const StoredWeights strict = round_by_covariance(c.layer, sums, w, nearest, {}, 1e9);
  for (int64_t i = 0; i < w.count(); ++i) {  // without regard for neighbours: each to its nearest step
    const auto at = static_cast<size_t>(i);
    const float scale = nearest.params.scale[at / 6];
    EXPECT_EQ(strict.values.values<int8_t>()[at], std::lrint(w.values<float>()[at] / scale));
  }
  EXPECT_LT(error(round_by_covariance(c.layer, sums, w, nearest, {}, 0.01)), error(strict));
}

Graph calibrated(const Dataset& data, Graph graph) {
  Recipe recipe;
  recipe.calibrated = true;
  recipe.edges_at_act = true;
  Diagnostics diag;
  PassContext context{recipe, nullptr, diag};
  EXPECT_TRUE(run_passes(graph, **find_pass_list("plan"), context));
  Progress progress;
  const Result<CalibrationTable> stats =
      calibrate(graph, wanted_observations(graph), data, {"portable", 2, 4}, progress);
  context.stats = &*stats;
  EXPECT_TRUE(run_passes(graph, **find_pass_list("assign"), context));
  return graph;
}

Graph plainly_stored(Graph graph) {
  for (const NodeId id : graph.topo_order()) {
    if (const std::optional<QuantLayer> layer = quant_layer_at(graph, id)) {
      const Tensor absorbed = absorb_scales(*layer, *graph.constant(layer->w), graph.value(layer->x).params);
      StoredWeights stored = store_within(*layer, absorbed, 8, 0.01);
      graph.set_constant(layer->w, std::move(stored.values));
      graph.set_params(layer->w, std::move(stored.params));
    }
  }
  return graph;
}

constexpr std::string_view kNetwork = R"(graph (%x: f32[?,3,8,8]) -> (%y) {
  %w1 = const f32[8,3,3,3] rand(seed=1)
  %b1 = const f32[8] rand(seed=4)
  %w2 = const f32[8,1,3,3] rand(seed=2)
  %w3 = const f32[5,8,3,3] rand(seed=3)
  %b3 = const f32[5] rand(seed=5)
  %a = conv(%x, %w1, %b1) {act=clip, act_b=inf} @"first"
  %b = conv(%a, %w2) {group=8, pads=[1,1,1,1], act=clip, act_b=6} @"middle"
  %y = conv(%b, %w3, %b3) @"last"
})";

// Waves that all channels share, with a little noise: neighbours know of each other, as in pictures.
Dataset samples(const Graph& graph, int64_t count, uint64_t seed) {
  Tensor x = noise({count, 3, 8, 8}, seed);
  Rng rng(seed + 1);
  for (int64_t n = 0; n < count; ++n) {
    const float across = rng.uniform(0.1F, 0.8F);
    const float down = rng.uniform(0.1F, 0.8F);
    for (int64_t i = 0; i < 3 * 64; ++i) {
      const float wave = std::sin(across * static_cast<float>(i % 8) + down * static_cast<float>(i / 8 % 8));
      float& value = x.mutable_values<float>()[static_cast<size_t>(n * 3 * 64 + i)];
      value = wave * (1 + static_cast<float>(i / 64)) + 0.05F * value;
    }
  }
  std::vector<std::pair<std::string, Tensor>> arrays;
  arrays.emplace_back("x", std::move(x));
  Diagnostics diag;
  return *Dataset::make(graph, std::move(arrays), diag);
}

// The network's SQNR on other samples, as it is simulated with what is stored.
double sqnr_of(const Graph& reference, const Graph& graph) {
  const Graph twin = simulated(graph);
  const std::vector<Tensor> inputs = *samples(reference, 64, 99).batch(0, 64);
  Runner first(reference, {"portable", 1, {}});
  Runner second(twin, {"portable", 1, {}});
  return sqnr_db((*first.run(inputs))[0], (*second.run(inputs))[0]);
}

Result<std::vector<Recovered>> recovered(Graph& graph, const Dataset& data, int threads) {
  Diagnostics diag;
  Progress progress;
  std::vector<int64_t> ids(static_cast<size_t>(data.size()));
  std::iota(ids.begin(), ids.end(), 0);
  const auto cut = ids.begin() + data.size() * 3 / 4;
  return recover(graph, simulated(graph), data.select({ids.begin(), cut}), data.select({cut, ids.end()}),
                 {{"portable", threads, 4}, 0.01}, diag, progress);
}

TEST(Walk, StopsInAnotherOrderThanItsGraph) {
  const Graph graph = parsed(
      "graph (%x: f32[?,3,8,8]) -> (%y, %z) {\n%w = const f32[2,3,1,1] rand(seed=1)\n"
      "%y = conv(%x, %w)\n%a = neg(%x)\n%z = conv(%a, %w)\n}");
  const std::vector<NodeId> order = graph.topo_order();
  const std::vector<NodeId> stops = {order[2], order[0]};
  const std::vector<Dataset> parts = {samples(graph, 5, 1), samples(graph, 3, 2)};
  Result<Walk> walk = Walk::begin(graph, stops, parts, {"portable", 1, 4});
  ASSERT_TRUE(walk && walk->advance_to(stops[0]));
  const std::vector<Tensor>& negated = walk->batches(*graph.find_value("a"));
  ASSERT_EQ(negated.size(), 3U);  // 4 + 1 and 3 samples
  const std::vector<Tensor>& x = walk->batches(*graph.find_value("x"));
  EXPECT_EQ(negated[2].values<float>()[7], -x[2].values<float>()[7]);
  ASSERT_TRUE(walk->advance_to(stops[1]));
  EXPECT_EQ(walk->batches(*graph.find_value("x")).size(), 3U);
}

TEST(Recover, ANetworkComesNearerToFloatAndWeightsStayWithinTheirLimit) {
  const Graph reference = parsed(std::string(kNetwork));
  const Dataset data = samples(reference, 64, 7);
  Graph graph = calibrated(data, reference);
  const double before = sqnr_of(reference, plainly_stored(graph));
  const Result<std::vector<Recovered>> done = recovered(graph, data, 2);
  ASSERT_TRUE(done) << done.error().what;
  ASSERT_EQ(done->size(), 3U);
  for (const Recovered& each : *done) {
    EXPECT_LE(each.after, each.before);
    const QuantLayer layer = *quant_layer_at(graph, each.node);
    const Tensor meant = absorb_scales(layer, each.meant, graph.value(layer.x).params);
    EXPECT_LE(relative_error(restore(*graph.constant(layer.w), *graph.value(layer.w).params), meant), 0.01);
  }
  EXPECT_GT(sqnr_of(reference, graph), before + 0.5);
}

TEST(Recover, TheSameForAnyNumberOfThreads) {
  const Graph reference = parsed(std::string(kNetwork));
  const Dataset data = samples(reference, 64, 7);
  const Graph start = calibrated(data, reference);
  Graph one = start;
  Graph three = start;
  ASSERT_TRUE(recovered(one, data, 1));
  ASSERT_TRUE(recovered(three, data, 3));
  EXPECT_TRUE(one == three);
}

TEST(Recover, WhatTheNetworkGivesOutStays) {
  std::string text(kNetwork);
  text.replace(text.find("(%y)"), 4, "(%y, %w2, %b1)");
  const Graph reference = parsed(text);
  const Dataset data = samples(reference, 64, 7);
  Graph graph = calibrated(data, reference);
  const Result<std::vector<Recovered>> done = recovered(graph, data, 2);
  ASSERT_TRUE(done) << done.error().what;
  EXPECT_EQ(done->size(), 2U);  // all but the first
  for (const std::string name : {"w2", "b1"}) {
    const Tensor& before = *reference.constant(*reference.find_value(name));
    const Tensor& after = *graph.constant(*graph.find_value(name));
    ASSERT_EQ(after.dtype(), DType::f32) << name;
    EXPECT_TRUE(std::ranges::equal(after.values<float>(), before.values<float>())) << name;
  }
}

TEST(Recover, TooFewSamplesChangeNothing) {
  const Graph reference = parsed(std::string(kNetwork));
  const Dataset data = samples(reference, 3, 7);
  const Graph start = calibrated(data, reference);
  Graph graph = start;
  const Result<std::vector<Recovered>> done = recovered(graph, data, 1);
  ASSERT_TRUE(done);
  EXPECT_TRUE(done->empty());
  EXPECT_TRUE(graph == start);
}

}  // namespace
}  // namespace dsq
