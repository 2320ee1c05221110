// A float network and a twin: outputs, layers, inputs, accuracy.
#include "src/toolchain/twins.h"

#include <cmath>

#include <gtest/gtest.h>

#include "src/ir/parse.h"
#include "src/ops/infer.h"
#include "src/report/metrics.h"

namespace dsq {
namespace {

// Scores of three classes: the input, its layer's weights the unit matrix times `gain`, the third class `third`.
Graph scores(const std::string& gain, const std::string& third) {
  Result<Graph> graph = parse("graph (%x: f32[?,3]) -> (%y) {\n  %w = const f32[3,3] {" + gain + ", 0, 0, 0, " + gain +
                              ", 0, 0, 0, " + third + "}\n  %h = linear(%x, %w) @\"layer\"\n  %y = neg(%h)\n}");
  EXPECT_TRUE(graph) << (graph ? "" : graph.error().what);
  EXPECT_TRUE(infer_types(*graph));
  return graph ? std::move(*graph) : Graph();
}

Dataset samples(const Graph& graph) {
  const std::vector<float> values = {-3, -1, -2, -1, -3, -2, -1, -2, -3, -2.5F, -1, -3};
  Diagnostics diag;
  Result<Dataset> data = Dataset::make(graph, {{"x", Tensor::of<float>({4, 3}, std::span<const float>(values))}}, diag);
  EXPECT_TRUE(data);
  return std::move(*data);
}

Result<TwinResult> compared(const Graph& twin, const std::vector<int64_t>& labels, TwinOptions options = {}) {
  const Graph reference = scores("1", "1");
  options.backend = "portable";
  options.threads = 1;
  Progress silent;
  return compare_twins(reference, twin, samples(reference), labels, options, silent);
}

TEST(Twins, EqualNetworksHaveNoError) {
  const Result<TwinResult> result = compared(scores("1", "1"), {0, 1, 2, 2});
  ASSERT_TRUE(result) << result.error().what;
  ASSERT_EQ(result->outputs.size(), 1U);
  EXPECT_EQ(result->outputs[0].name, "y");
  EXPECT_EQ(result->outputs[0].sqnr_db, kSqnrCapDb);
  EXPECT_EQ(result->outputs[0].max_abs_error, 0);
  ASSERT_TRUE(result->accuracy);
  EXPECT_EQ(result->accuracy->samples, 4);
  EXPECT_EQ(result->accuracy->float_top1, 1.0);
  EXPECT_EQ(result->accuracy->quantized_top1, 1.0);
  ASSERT_TRUE(result->memory);
  EXPECT_GT(result->memory->float_peak, 0);
}

TEST(Twins, ErrorsOfOutputsLayersAndInputs) {
  TwinOptions options;
  options.layers = {"h"};
  QuantSpec spec;
  spec.storage = DType::u8;
  spec.range = RangeSource::per_sample;
  options.inputs = {{0, "x", spec, std::nullopt, "x"}};
  const Result<TwinResult> result = compared(scores("1", "0.5"), {0, 1, 2, 2}, options);
  ASSERT_TRUE(result) << result.error().what;
  // Half of the third score is missing: 10 log10 of all squares over those of what is missing.
  const double all = 3 * 3 + 1 + 2 * 2 + 1 + 3 * 3 + 2 * 2 + 1 + 2 * 2 + 3 * 3 + 2.5 * 2.5 + 1 + 3 * 3;
  const double missing = (2 * 2 + 2 * 2 + 3 * 3 + 3 * 3) / 4.0;
  EXPECT_NEAR(result->outputs[0].sqnr_db, 10 * std::log10(all / missing), 1e-4);
  EXPECT_NEAR(result->layer_sqnr_db.at("h"), 10 * std::log10(all / missing), 1e-4);
  EXPECT_EQ(result->outputs[0].max_abs_error, 1.5);
  ASSERT_EQ(result->input_sqnr_db.size(), 1U);
  EXPECT_GT(result->input_sqnr_db[0], 40);  // 8 bits
  EXPECT_LT(result->input_sqnr_db[0], kSqnrCapDb);
  EXPECT_EQ(result->accuracy->float_top1, 1.0);
  EXPECT_EQ(result->accuracy->quantized_top1, 0.5);
}

TEST(Twins, LabelsForOtherSamplesAreRefused) {
  const Result<TwinResult> result = compared(scores("1", "1"), {0, 1});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::labels_mismatch);
}

}  // namespace
}  // namespace dsq
