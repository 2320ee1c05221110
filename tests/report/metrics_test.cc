// Metrics against values worked out by hand.
#include "src/report/metrics.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace dsq {
namespace {

const float kInf = std::numeric_limits<float>::infinity();
const float kNan = std::numeric_limits<float>::quiet_NaN();

Tensor row(std::initializer_list<float> values) {
  return Tensor::of<float>({static_cast<int64_t>(values.size())}, values);
}

TEST(Metrics, HandValues) {
  const Tensor reference = row({3, -4});              // sum of squares 25
  const Tensor test = row({3.3F, -4.4F});             // error 0.3, -0.4: 0.25
  EXPECT_NEAR(sqnr_db(reference, test), 20.0, 1e-4);  // 10 log10(25 / 0.25)
  EXPECT_NEAR(relative_l2(reference, test), 0.1, 1e-7);
  EXPECT_NEAR(max_abs_error(reference, test), 0.4, 1e-6);
  EXPECT_NEAR(cosine(reference, test), 1.0, 1e-12);  // parallel
  EXPECT_NEAR(cosine(row({1, 0}), row({1, 1})), std::sqrt(0.5), 1e-12);
  EXPECT_NEAR(cosine(row({1, 0}), row({0, 1})), 0.0, 1e-12);
  EXPECT_NEAR(cosine(row({1, 2}), row({-1, -2})), -1.0, 1e-12);
}

TEST(Metrics, Zeros) {
  EXPECT_EQ(sqnr_db(row({1, 2}), row({1, 2})), kSqnrCapDb);
  EXPECT_EQ(relative_l2(row({1, 2}), row({1, 2})), 0);
  EXPECT_EQ(cosine(row({0, 0}), row({0, 0})), 1);
  EXPECT_EQ(sqnr_db(row({0, 0}), row({0, 0})), kSqnrCapDb);
  EXPECT_EQ(sqnr_db(row({0, 0}), row({0, 1})), -kSqnrCapDb);
  EXPECT_TRUE(std::isinf(relative_l2(row({0, 0}), row({0, 1}))));
  EXPECT_EQ(cosine(row({0, 0}), row({0, 1})), 0);
  EXPECT_EQ(sqnr_db(row({2, 1}), row({0, 0})), 0);
  EXPECT_EQ(relative_l2(row({2, 1}), row({0, 0})), 1);
  EXPECT_EQ(cosine(row({2, 1}), row({0, 0})), 0);
  EXPECT_EQ(sqnr_db(row({1e-30F}), row({1e30F})), -kSqnrCapDb);  // -1200 dB, capped
  EXPECT_EQ(sqnr_db(row({}), row({})), kSqnrCapDb);
  EXPECT_EQ(max_abs_error(row({}), row({})), 0);
}

TEST(Metrics, NotFinite) {
  EXPECT_EQ(sqnr_db(row({kNan, kInf, 1}), row({kNan, kInf, 1})), kSqnrCapDb);
  EXPECT_NEAR(relative_l2(row({kInf, 3, -4}), row({kInf, 3.3F, -4.4F})), 0.1, 1e-7);
  for (const float bad : {kNan, kInf, -kInf}) {
    ErrorMeter meter;
    meter.add(row({1, 2, kInf}), row({1, bad, bad == kInf ? -kInf : kInf}));
    EXPECT_EQ(meter.broken(), bad == kInf ? 2 : 1);
    EXPECT_EQ(meter.sqnr_db(), -kSqnrCapDb);
    EXPECT_TRUE(std::isinf(meter.relative_l2()));
    EXPECT_TRUE(std::isinf(meter.max_abs_error()));
    EXPECT_EQ(meter.cosine(), 0);
  }
}

TEST(Metrics, BatchesAddUpExactly) {
  ErrorMeter whole;
  ErrorMeter parts;
  whole.add(row({0.1F, 0.2F, 0.3F, 4}), row({0.11F, 0.19F, 0.3F, 4.1F}));
  parts.add(row({0.1F}), row({0.11F}));
  parts.add(row({0.2F, 0.3F, 4}), row({0.19F, 0.3F, 4.1F}));
  EXPECT_EQ(whole.sqnr_db(), parts.sqnr_db());
  EXPECT_EQ(whole.cosine(), parts.cosine());
  EXPECT_EQ(whole.max_abs_error(), parts.max_abs_error());
  EXPECT_EQ(parts.count(), 4);
}

TEST(Metrics, OtherTypes) { EXPECT_NEAR(relative_l2(Tensor::of<int8_t>({2}, {30, -40}), row({33, -44})), 0.1, 1e-12); }

TEST(Metrics, Top1) {
  const Tensor a = Tensor::of<float>({4, 3}, {1, 2, 3, 5, 5, 1, kNan, 0, -1, kNan, kNan, kNan});
  const Tensor b = Tensor::of<float>({4, 3}, {1, 2, 9, 1, 5, 5, 3, 4, 1, kNan, kNan, kNan});
  EXPECT_EQ(top1(a), (std::vector<int64_t>{2, 0, 1, -1}));
  EXPECT_EQ(top1(b), (std::vector<int64_t>{2, 1, 1, -1}));
  EXPECT_EQ(top1_agreement(a, b), 0.5);  // rows 0 and 2; rows of NaN do not agree
  Top1Meter meter;
  EXPECT_FALSE(meter.share().has_value());
  meter.add(std::vector<int64_t>{2, 0}, top1(Tensor::of<float>({2, 3}, {0, 0, 1, 0, 1, 0})));
  EXPECT_EQ(meter.share(), 0.5);
  EXPECT_TRUE(is_scores({8, 10}));
  EXPECT_FALSE(is_scores({8, 1}));
  EXPECT_FALSE(is_scores({1, 8, 10}));
}

TEST(Metrics, PairsAreEvenAndDoNotDependOnBatches) {
  PairSample whole(8);
  PairSample parts(8);
  Tensor all(DType::f32, {100});
  for (int i = 0; i < 100; ++i) {
    all.mutable_values<float>()[static_cast<size_t>(i)] = static_cast<float>(i);
    parts.add(row({static_cast<float>(i)}), row({static_cast<float>(-i)}));
  }
  whole.add(all, all);
  const std::vector<float> expected = {0, 16, 32, 48, 64, 80, 96};
  ASSERT_EQ(whole.pairs().size(), expected.size());
  ASSERT_EQ(parts.pairs().size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(whole.pairs()[i].first, expected[i]);
    EXPECT_EQ(parts.pairs()[i].first, expected[i]);
    EXPECT_EQ(parts.pairs()[i].second, -expected[i]);
  }
}

}  // namespace
}  // namespace dsq
