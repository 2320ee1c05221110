// What two reports differ in.
#include "src/toolchain/diff.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

namespace dsq {
namespace {

LayerReport layer(const std::string& name, double sqnr) {
  LayerReport report;
  report.name = name;
  report.weight_type = "i8";
  report.act_type = "u4";
  report.range = "calibrated";
  report.granularity = "per channel";
  report.integer = true;
  report.output_sqnr_db = sqnr;
  return report;
}

Report report() {
  Report made;
  made.command = "--weights int8 --act int4";
  made.layers = {layer("one", 30), layer("two", 20), layer("two", 25), layer("three", 40)};
  made.gates = {{"size", "<= 1", "0.5", true}};
  made.seconds = {{"read", 1.0}};
  return made;
}

TEST(ReportDiff, TimesAndNotesDoNotCount) {
  const Report a = report();
  Report b = a;
  b.seconds[0].second = 2;
  b.diagnostics.emplace_back();
  b.layers[0].output_sqnr_db = 30.01;
  EXPECT_TRUE(diff(a, b).same());
  EXPECT_EQ(diff(a, b).same_layers, 4);
}

TEST(ReportDiff, LossesAreComparedByMeasureAndOutput) {
  Report a = report();
  LossReport loss;
  loss.measure = "accuracy";
  loss.output = "y";
  loss.points = 0.5;
  a.losses = {loss};
  Report b = a;
  b.losses->front().points = 0.501;  // reads the same
  EXPECT_TRUE(diff(a, b).same());
  b.losses->front().points = 0.75;
  loss.measure = "estimated";
  b.losses->push_back(loss);
  const ReportDiff result = diff(a, b);
  ASSERT_EQ(result.results.size(), 2U);
  EXPECT_EQ(result.results[0].what, "accuracy drop");
  EXPECT_EQ(result.results[0].b, "0.75 points");
  EXPECT_EQ(result.results[1].a, "none");
}

TEST(ReportDiff, LayersOfOneNameAreToldApartAndSortedByEffect) {
  const Report a = report();
  Report b = a;
  b.layers[2].output_sqnr_db = 5;   // the second "two" loses much
  b.layers[3].output_sqnr_db = 45;  // "three" gains a little
  b.layers[0].weight_type = "f16";  // "one" is held otherwise
  b.layers.push_back(layer("four", 30));
  b.layers.erase(b.layers.begin() + 1);
  const ReportDiff result = diff(a, b);
  ASSERT_GE(result.layers.size(), 4U);
  EXPECT_EQ(result.layers[0].name, "two");
  for (size_t i = 1; i < result.layers.size(); ++i) {
    EXPECT_GE(std::abs(result.layers[i - 1].effect), std::abs(result.layers[i].effect));
  }
  const auto named = [&](const std::string& name) {
    return std::ranges::count(result.layers, name, &LayerChange::name);
  };
  EXPECT_EQ(named("one"), 1);
  EXPECT_EQ(named("two"), 2);  // one moved, one gone
  EXPECT_EQ(named("four"), 1);
}

TEST(ReportDiff, GatesThatFailNow) {
  const Report a = report();
  Report b = a;
  b.gates[0].passed = false;
  b.gates.push_back({"new", "<= 2", "3", false});
  b.passed = false;
  EXPECT_EQ(diff(a, b).failed.size(), 2U);
  EXPECT_EQ(diff(b, a).failed.size(), 0U);
  EXPECT_EQ(diff(b, a).mended.size(), 1U);
  EXPECT_FALSE(diff(b, a).same());
}

TEST(ReportDiff, WhatWentInIsNamed) {
  const Report a = report();
  Report b = a;
  b.command = "--weights int8 --act int8";
  b.data_sha256 = "0123456789abcdef";
  const ReportDiff result = diff(a, b);
  ASSERT_EQ(result.inputs.size(), 2U);
  EXPECT_EQ(result.inputs[0].what, "options");
  EXPECT_EQ(result.inputs[1].a, "none");
  EXPECT_EQ(result.inputs[1].b, "0123456789ab");
}

}  // namespace
}  // namespace dsq
