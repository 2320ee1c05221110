// Stored weights, digit by digit.
#include "src/quant/weights.h"

#include <cmath>

#include <gtest/gtest.h>

#include "src/support/rng.h"

namespace dsq {
namespace {

Tensor matrix(Shape shape, std::initializer_list<float> values) { return Tensor::of<float>(std::move(shape), values); }

std::vector<int> levels_of(const Tensor& tensor) {
  std::vector<int> out;
  for (int64_t i = 0; i < tensor.count(); ++i) {
    out.push_back(tensor.dtype() == DType::i4 ? get_nibble(tensor.bytes().data(), i, true)
                                              : static_cast<int8_t>(tensor.bytes()[static_cast<size_t>(i)]));
  }
  return out;
}

Tensor noise(Shape shape, uint64_t seed) {
  Tensor tensor(DType::f32, std::move(shape));
  Rng rng(seed);
  for (float& value : tensor.mutable_values<float>()) {
    value = rng.uniform(-1.0F, 1.0F);
  }
  return tensor;
}

TEST(Weights, ChannelsOfEightBits) {
  const StoredWeights stored = store_weights(matrix({2, 3}, {127, 64, -1, -254, 5, 0}), {0, 0}, 8);
  EXPECT_EQ(stored.params.scale, (std::vector<float>{1, 2}));
  EXPECT_EQ(levels_of(stored.values), (std::vector<int>{127, 64, -1, -127, 2, 0}));  // 5 / 2 = 2.5, to even
  EXPECT_TRUE(stored.params.zero_point.empty());
  EXPECT_NEAR(stored.error, 1 / std::sqrt(127.0 * 127 + 64 * 64 + 1 + 254.0 * 254 + 25), 1e-9);
}

TEST(Weights, TiesGoToEven) {
  const StoredWeights stored = store_weights(matrix({1, 6}, {127, 0.5F, 1.5F, 2.5F, -0.5F, -1.5F}), {0, 0}, 8);
  EXPECT_EQ(levels_of(stored.values), (std::vector<int>{127, 0, 2, 2, 0, -2}));
}

TEST(Weights, FourAndSixBits) {
  const StoredWeights four = store_weights(matrix({1, 4}, {7, -7, 3.4F, -0.6F}), {0, 0}, 4);
  EXPECT_EQ(four.values.dtype(), DType::i4);
  EXPECT_EQ(levels_of(four.values), (std::vector<int>{7, -7, 3, -1}));
  EXPECT_EQ(four.values.bytes().size(), 2U);
  const StoredWeights six = store_weights(matrix({1, 4}, {31, -31, 15.4F, -0.6F}), {0, 0}, 6);
  EXPECT_EQ(six.values.dtype(), DType::i8);
  EXPECT_EQ(levels_of(six.values), (std::vector<int>{31, -31, 15, -1}));
}

TEST(Weights, OtherAxis) {
  const StoredWeights stored = store_weights(matrix({2, 2}, {127, 1270, 50, -20}), {1, 0}, 8);
  EXPECT_EQ(stored.params.scale, (std::vector<float>{1, 10}));
  EXPECT_EQ(levels_of(stored.values), (std::vector<int>{127, 127, 50, -2}));
}

TEST(Weights, GroupsOfElements) {
  const StoredWeights stored = store_weights(matrix({1, 5}, {127, 1, 254, 2, 381}), {0, 2}, 8);
  EXPECT_EQ(stored.params.scale, (std::vector<float>{1, 2, 3}));  // the last group is short
  EXPECT_EQ(levels_of(stored.values), (std::vector<int>{127, 1, 127, 1, 127}));
  EXPECT_EQ(stored.error, 0);
}

TEST(Weights, NothingAndNextToNothing) {
  const StoredWeights zeros = store_weights(matrix({2, 2}, {0, 0, 1, -1}), {0, 0}, 8);
  EXPECT_EQ(zeros.params.scale[0], 1);
  EXPECT_EQ(levels_of(zeros.values), (std::vector<int>{0, 0, 127, -127}));
  EXPECT_EQ(store_weights(matrix({1, 2}, {0, 0}), {0, 0}, 8).error, 0);
  const StoredWeights tiny = store_weights(matrix({1, 2}, {1e-30F, -1e-30F}), {0, 0}, 8);
  EXPECT_EQ(tiny.params.scale[0], 1);  // a scale below 1e-30 would not be a normal number for long
  EXPECT_EQ(levels_of(tiny.values), (std::vector<int>{0, 0}));
  EXPECT_EQ(tiny.error, 1);
  const StoredWeights small = store_weights(matrix({1, 2}, {1e-25F, -5e-26F}), {0, 0}, 8);
  EXPECT_EQ(levels_of(small.values), (std::vector<int>{127, -64}));  // -63.5, to even
}

TEST(Weights, ErrorIsThatOfWhatIsRestored) {
  for (const int bits : {4, 6, 8}) {
    for (const Granularity shared : {Granularity{0, 0}, Granularity{1, 0}, Granularity{0, 6}, Granularity{1, 5}}) {
      const Tensor weights = noise({4, 6, 3}, static_cast<uint64_t>(bits));
      const StoredWeights stored = store_weights(weights, shared, bits);
      const double error = relative_error(restore(stored.values, stored.params), weights);
      EXPECT_NEAR(error, stored.error, 1e-9);
      EXPECT_GT(error, 0);
      EXPECT_LT(error, bits == 8 ? 0.005 : bits == 6 ? 0.02 : 0.1);
    }
  }
}

TEST(Weights, GroupsUntilTheLimitIsMet) {
  Tensor weights = noise({2, 64}, 1);
  weights.mutable_values<float>()[3] = 100;
  const StoredWeights plain = store_weights(weights, {0, 0}, 8);
  EXPECT_GT(plain.error, 0.01);
  const StoredWeights within = store_within(weights, 0, 1, 8, 0.01);
  EXPECT_LE(within.error, 0.01);
  EXPECT_GT(within.params.granularity.group, 0);
  EXPECT_EQ(store_within(weights, 0, 1, 8, 0.5).params.granularity.group, 0);  // as coarse as allowed
  const StoredWeights beyond = store_within(weights, 0, 1, 8, 0.0);
  EXPECT_LT(beyond.error, 1e-6);  // a scale each: only rounding in float is left
  const StoredWeights windows = store_within(noise({2, 4, 3, 3}, 2), 0, 9, 4, 0.0);
  EXPECT_EQ(windows.params.granularity.group % 9, 0);  // whole windows
}

TEST(Weights, AtLeastAsManyGroupsAsAsked) {
  const Tensor weights = Tensor::of<float>({1, 6}, {1, 1, 1, 1, 1, 1});
  EXPECT_EQ(store_within(weights, 0, 1, 8, 1.0).params.scale.size(), 1U);
  EXPECT_EQ(store_within(weights, 0, 1, 8, 1.0, 3).params.scale.size(), 3U);
  EXPECT_EQ(store_within(weights, 0, 2, 8, 1.0, 3).params.granularity.group, 2);
}

TEST(Weights, RelativeErrorByHand) {
  EXPECT_NEAR(relative_error(matrix({2}, {3.3F, -4.4F}), matrix({2}, {3, -4})), 0.1, 1e-7);
  EXPECT_EQ(relative_error(matrix({2}, {0, 0}), matrix({2}, {0, 0})), 0);
  EXPECT_EQ(relative_error(matrix({2}, {0, 1}), matrix({2}, {0, 0})), 1);
}

TEST(Weights, RestoreWithZeroPointsAndLevels) {
  const Tensor values = Tensor::of<uint8_t>({2, 2}, {10, 12, 0, 255});
  EXPECT_EQ(to_floats(restore(values, {{0, 0}, {0.5F, 2}, {10, 255}, {}})), (std::vector<float>{0, 1, -510, 0}));
  EXPECT_EQ(to_floats(restore(values, {{-1, 0}, {0.5F}, {}, {}})), (std::vector<float>{5, 6, 0, 127.5F}));
}

}  // namespace
}  // namespace dsq
