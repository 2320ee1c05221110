// Gates, causes and remedies, and the headline.
#include "src/toolchain/verdict.h"

#include <gtest/gtest.h>

#include "src/report/metrics.h"

namespace dsq {
namespace {

LayerReport layer(const std::string& name, const std::string& act, double input_db, double output_db) {
  LayerReport report;
  report.name = name;
  report.weight_type = "i8";
  report.act_type = act;
  report.range = "calibrated";
  report.weight_error = 0.004;
  report.integer = true;
  report.input_sqnr_db = input_db;
  report.output_sqnr_db = output_db;
  return report;
}

Report measured() {
  Report report;
  report.layers = {layer("first", "u8", 45, 38), layer("middle", "u4", 20, 19), layer("behind", "u4", 22, 12),
                   layer("fine", "u8", 50, 45), layer("odd[0]*", "u8", 30, 28)};
  report.layers[1].weight_error = 0.0081;
  OutputReport output;
  output.sqnr_db = 23;
  report.outputs = {output};
  report.accuracy = AccuracyReport{1000, 0.92, 0.905};
  LossReport loss;
  loss.measure = "accuracy";
  loss.samples = 1000;
  loss.points = 1.5;
  loss.limit = 0.3;
  report.losses = {loss};
  report.float_file_bytes = 4000;
  report.artefact_bytes = 1000;
  return report;
}

Report judged(Report report, const QuantizeOptions& options) {
  Diagnostics diag;
  judge(report, options, nullptr, diag);
  return report;
}

TEST(Verdict, CausesAndRemediesOfTheWorstLayers) {
  const Report report = judged(measured(), {});
  EXPECT_EQ(report.layers[0].cause, "8 bits for its input and its weights");
  EXPECT_NE(report.layers[1].cause.find("16 levels for each channel"), std::string::npos);
  EXPECT_EQ(report.layers[1].mend, "--keep 'middle=int8'");
  EXPECT_EQ(report.layers[2].cause,
            "16 levels for each channel of its input; the layers before it lose more (12.0 dB in its output)");
  EXPECT_TRUE(report.layers[3].cause.empty());  // more than 40 dB need no mending
  EXPECT_TRUE(report.layers[3].mend.empty());
  EXPECT_NE(report.layers[4].mend.find("=fp16"), std::string::npos);
  EXPECT_EQ(report.layers[4].mend.find("odd[0]*"), std::string::npos);  // its signs are no pattern
}

TEST(Verdict, GatesPassAndFail) {
  QuantizeOptions options;
  options.max_drop = 1.6;
  options.min_sqnr_db = 20;
  EXPECT_TRUE(judged(measured(), options).passed);
  options.max_drop = 1.4;
  EXPECT_FALSE(judged(measured(), options).passed);
  options.max_drop.reset();
  options.min_sqnr_db = 23.5;
  EXPECT_FALSE(judged(measured(), options).passed);
  options.min_sqnr_db.reset();
  EXPECT_TRUE(judged(measured(), options).passed);
  options.recipe.max_weight_error = 0.008;
  const Report report = judged(measured(), options);
  EXPECT_FALSE(report.passed);
  EXPECT_NE(report.gates[0].found.find("worst: middle"), std::string::npos);
}

TEST(Verdict, WhatWasNotMeasuredOrIsNotFiniteFails) {
  QuantizeOptions options;
  options.min_sqnr_db = 20;
  Report report = measured();
  report.outputs.clear();
  EXPECT_FALSE(judged(report, options).passed);
  report = measured();
  report.outputs[0].sqnr_db = -kSqnrCapDb;
  EXPECT_FALSE(judged(report, {}).passed);
}

TEST(Verdict, HeadlineSaysSizeAndCost) {
  EXPECT_EQ(judged(measured(), {}).headline.substr(0, 14), "75.0 % smaller");
  EXPECT_NE(judged(measured(), {}).headline.find("90.50 % right instead of 92.00 % on 1000 samples"),
            std::string::npos);
  EXPECT_NE(judged(measured(), {}).headline.find("weights within 0.81 %"), std::string::npos);
  Report report = measured();
  report.accuracy.reset();
  report.losses.reset();
  report.data_kind = "probe";
  report.artefact_bytes = 5000;
  EXPECT_EQ(judged(report, {}).headline.substr(0, 11), "Not smaller");
  EXPECT_NE(judged(report, {}).headline.find("outputs at 23.0 dB of float on a synthetic probe"), std::string::npos);
}

}  // namespace
}  // namespace dsq
