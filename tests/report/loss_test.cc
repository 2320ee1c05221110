// What is lost, by each measure, against values worked out by hand; and what outputs are taken for.
#include "src/report/loss.h"

#include <cmath>
#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "src/ir/parse.h"

namespace dsq {
namespace {

const float kNan = std::numeric_limits<float>::quiet_NaN();

Loss loss_of(const OutputReading& reading, int64_t samples, const Tensor& a, const Tensor& b,
             std::vector<int64_t> labels = {}) {
  LossMeter meter(reading, !labels.empty());
  const Result<void> added = meter.add(samples, a, b, labels);
  EXPECT_TRUE(added) << (added ? "" : added.error().what);
  return meter.loss();
}

constexpr OutputReading kLogits{OutputKind::scores, 1, false, 0};

TEST(Loss, AccuracyIsPaired) {
  const Tensor a = Tensor::of<float>({4, 2}, {1, 0, 1, 0, 0, 1, 0, 1});
  const Tensor b = Tensor::of<float>({4, 2}, {1, 0, 0, 1, 0, 1, 1, 0});
  const Loss loss = loss_of(kLogits, 4, a, b, {0, 0, 1, 0});  // sample 1 is lost, sample 3 won
  EXPECT_EQ(loss.measure, Measure::accuracy);
  EXPECT_EQ(loss.points, 0);
  EXPECT_EQ(loss.reference, 0.75);
  EXPECT_EQ(loss.quantized, 0.75);
  EXPECT_EQ(loss.agreement, 0.5);
  ASSERT_TRUE(loss.interval);
  EXPECT_NEAR(loss.interval->high, -loss.interval->low, 1e-6);
}

TEST(Loss, EstimatedFromTheFloatNetworksProbabilities) {
  const Tensor a = Tensor::of<float>({2, 2}, {std::log(3.0F), 0, 0, std::log(4.0F)});  // .75 .25, .2 .8
  const Tensor b = Tensor::of<float>({2, 2}, {0, 1, 0, 1});
  const Loss loss = loss_of(kLogits, 2, a, b);
  EXPECT_EQ(loss.measure, Measure::estimated);
  EXPECT_NEAR(loss.points, 25, 1e-5);  // (.75 - .25) / 2
  EXPECT_EQ(loss.agreement, 0.5);
  const Tensor p = Tensor::of<float>({2, 2}, {0.75F, 0.25F, 0.2F, 0.8F});
  EXPECT_NEAR(loss_of({OutputKind::scores, 1, true, 0}, 2, p, b).points, 25, 1e-5);
}

TEST(Loss, ScoresAtEachPixelLieBehindTheSamples) {
  // [1, classes 2, 1, pixels 2]: the first pixel is .75 .25, the second .2 .8 and stays.
  const Tensor a = Tensor::of<float>({1, 2, 1, 2}, {0.75F, 0.2F, 0.25F, 0.8F});
  const Tensor b = Tensor::of<float>({1, 2, 1, 2}, {0.1F, 0.2F, 0.9F, 0.8F});
  EXPECT_NEAR(loss_of({OutputKind::scores, 1, true, 0}, 1, a, b).points, 25, 1e-5);
}

TEST(Loss, TextsAreDecoded) {
  // Steps of (blank, a, b). Float reads "ab", quantized "a"; the one step that differs is worth .6 - .3.
  const Tensor a = Tensor::of<float>({1, 3, 3}, {.1F, .8F, .1F, .1F, .8F, .1F, .3F, .1F, .6F});
  const Tensor b = Tensor::of<float>({1, 3, 3}, {.1F, .8F, .1F, .1F, .8F, .1F, .6F, .1F, .3F});
  const Loss loss = loss_of({OutputKind::text, 2, true, 0}, 1, a, b);
  EXPECT_EQ(loss.measure, Measure::text);
  EXPECT_NEAR(loss.points, 15, 1e-4);  // one edit of two characters
  EXPECT_EQ(loss.agreement, 0.5);
  // A step that differs without changing the text costs nothing: "a" twice in a row is one "a".
  const Tensor same = Tensor::of<float>({1, 3, 3}, {.8F, .1F, .1F, .1F, .8F, .1F, .3F, .1F, .6F});
  EXPECT_EQ(loss_of({OutputKind::text, 2, true, 0}, 1, a, same).points, 0);
}

TEST(Loss, MasksByF1) {
  const Tensor a = Tensor::of<float>({1, 1, 1, 4}, {1, 1, 0, 0});
  const Tensor b = Tensor::of<float>({1, 1, 1, 4}, {1, 0, 1, 0});
  const Loss loss = loss_of({OutputKind::mask, {}, false, 0}, 1, a, b);
  EXPECT_NEAR(loss.points, 50, 1e-6);
  EXPECT_NEAR(*loss.quantized, 0.5, 1e-6);
  EXPECT_FALSE(loss.interval);  // one sample
}

TEST(Loss, EmbeddingsByTheMeanCosine) {
  const Tensor a = Tensor::of<float>({2, 2}, {1, 0, 0, 2});
  const Tensor b = Tensor::of<float>({2, 2}, {1, 1, 0, 5});
  const Loss loss = loss_of({OutputKind::embedding, 1, false, 0}, 2, a, b);
  EXPECT_NEAR(*loss.quantized, (std::sqrt(0.5) + 1) / 2, 1e-6);
  EXPECT_NEAR(loss.points, 100 * (1 - *loss.quantized), 1e-9);
}

TEST(Loss, TheRestByNoise) {
  const Tensor a = Tensor::of<float>({2, 1}, {3, 4});
  const Tensor b = Tensor::of<float>({2, 1}, {3.3F, 4.4F});
  const Loss loss = loss_of({}, 2, a, b);
  EXPECT_NEAR(loss.points, 1, 1e-5);
  EXPECT_NEAR(*loss.quantized, 20, 1e-4);
}

TEST(Loss, NotFiniteIsWrong) {
  const Tensor a = Tensor::of<float>({1, 2}, {2, 0});
  const Tensor b = Tensor::of<float>({1, 2}, {kNan, kNan});
  EXPECT_GT(loss_of(kLogits, 1, a, b).points, 80);
  EXPECT_EQ(loss_of(kLogits, 1, a, b, {0}).points, 100);
  EXPECT_EQ(loss_of({OutputKind::embedding, 1, false, 0}, 1, a, b).points, 100);
  EXPECT_EQ(loss_of({OutputKind::mask, {}, false, 0}, 1, a, b).points, 100);
  EXPECT_TRUE(std::isinf(loss_of({}, 1, a, b).points));
  EXPECT_EQ(loss_of({}, 1, b, b).points, 0);
}

TEST(Loss, BatchesMakeNoDifference) {
  const Tensor a = Tensor::of<float>({2, 2}, {1, 0, 0, 1});
  const Tensor b = Tensor::of<float>({2, 2}, {1, 0, 1, 0});
  LossMeter once(kLogits, false);
  LossMeter twice(kLogits, false);
  ASSERT_TRUE(once.add(2, a, b));
  for (int64_t s = 0; s < 2; ++s) {
    const auto row = [&](const Tensor& t) {
      return Tensor::of<float>({1, 2}, t.values<float>().subspan(static_cast<size_t>(2 * s), 2));
    };
    ASSERT_TRUE(twice.add(1, row(a), row(b)));
  }
  EXPECT_EQ(once.loss().points, twice.loss().points);
  EXPECT_EQ(twice.samples()[1].sample, 1);
  EXPECT_GT(twice.samples()[1].lost, 0.4);
}

TEST(Loss, LabelsThatDoNotFit) {
  const Tensor a = Tensor::of<float>({1, 2}, {1, 0});
  for (const std::vector<int64_t>& labels : {std::vector<int64_t>{2}, {-1}, {0, 1}}) {
    LossMeter meter(kLogits, true);
    const Result<void> added = meter.add(1, a, a, labels);
    ASSERT_FALSE(added);
    EXPECT_EQ(added.error().code, Code::labels_mismatch);
  }
}

// ---- what outputs are taken for ----

OutputReading read(const std::string& end, const std::string& input, const Tensor& value) {
  Result<Graph> graph = parse("graph (%x: " + input + ") -> (%y) {\n" + end + "\n}");
  EXPECT_TRUE(graph) << (graph ? "" : graph.error().what);
  return reading_of(*graph, graph->outputs()[0], value, value.shape()[0]);
}

TEST(OutputKind, ProbabilitiesBySoftmaxOrBySum) {
  const Tensor p = Tensor::of<float>({2, 3}, {.2F, .3F, .5F, .1F, .1F, .8F});
  for (const char* end : {"  %y = softmax(%x) {axis=1}", "  %y = relu(%x)"}) {
    const OutputReading reading = read(end, "f32[?,3]", p);
    EXPECT_EQ(reading.kind, OutputKind::scores) << end;
    EXPECT_TRUE(reading.probabilities) << end;
    EXPECT_EQ(reading.axis, 1) << end;
  }
}

TEST(OutputKind, LogitsOfALayer) {
  const std::string end = "  %w = const f32[3,3] rand(seed=1)\n  %y = linear(%x, %w)";
  const OutputReading reading = read(end, "f32[?,3]", Tensor::of<float>({2, 3}, {4, -1, 0, -2, 5, 0}));
  EXPECT_EQ(reading.kind, OutputKind::scores);
  EXPECT_FALSE(reading.probabilities);
}

TEST(OutputKind, SigmoidsAreMasks) {
  const Tensor m = Tensor::of<float>({1, 1, 1, 2}, {.2F, .6F});
  EXPECT_EQ(read("  %y = sigmoid(%x)", "f32[?,1,1,2]", m).kind, OutputKind::mask);
  const std::string fused = "  %w = const f32[1,1,1,1] {1}\n  %y = conv(%x, %w) {act=sigmoid}";
  EXPECT_EQ(read(fused, "f32[?,1,1,2]", m).kind, OutputKind::mask);
  EXPECT_EQ(read("  %y = relu(%x)", "f32[?,1,1,2]", m).kind, OutputKind::other);
  const Tensor decided = Tensor::of<float>({1, 1, 1, 2}, {0, 1});
  EXPECT_EQ(read("  %y = relu(%x)", "f32[?,1,1,2]", decided).kind, OutputKind::mask);
}

TEST(OutputKind, TextsHaveBlanks) {
  std::vector<float> steps;
  for (const int choice : {0, 0, 1, 0, 2, 0, 0, 2}) {
    for (int c = 0; c < 3; ++c) {
      steps.push_back(c == choice ? .8F : .1F);
    }
  }
  const Tensor value = Tensor::of<float>({2, 4, 3}, std::span<const float>(steps));
  const OutputReading text = read("  %y = softmax(%x) {axis=2}", "f32[?,4,3]", value);
  EXPECT_EQ(text.kind, OutputKind::text);
  EXPECT_EQ(text.blank, 0);
}

TEST(OutputKind, EmbeddingsAndTheRest) {
  std::vector<float> rows(32, 0);
  rows[3] = 1;
  rows[16 + 5] = 1;
  const Tensor unit = Tensor::of<float>({2, 16}, std::span<const float>(rows));
  rows[3] = -1;
  const Tensor negative = Tensor::of<float>({2, 16}, std::span<const float>(rows));
  EXPECT_EQ(read("  %y = relu(%x)", "f32[?,16]", negative).kind, OutputKind::embedding);
  EXPECT_EQ(read("  %y = relu(%x)", "f32[?,2]", Tensor::of<float>({1, 2}, {3, 9})).kind, OutputKind::other);
  EXPECT_EQ(read("  %y = relu(%x)", "f32[?,3,1,1]", Tensor::of<float>({1, 3, 1, 1}, {9, 0, 2})).kind,
            OutputKind::other);  // a picture
}

TEST(OutputKind, WhatTheUserSaysHolds) {
  const Tensor m = Tensor::of<float>({1, 4}, {3, 4, 5, 6});
  Result<Graph> graph = parse("graph (%x: f32[?,4]) -> (%y) {\n  %y = relu(%x)\n}");
  ASSERT_TRUE(graph);
  for (const OutputKind kind : {OutputKind::scores, OutputKind::mask, OutputKind::embedding, OutputKind::other}) {
    EXPECT_EQ(reading_of(*graph, graph->outputs()[0], m, 1, kind).kind, kind);
    EXPECT_EQ(output_kind_from(name_of(kind)), kind);
  }
}

}  // namespace
}  // namespace dsq
