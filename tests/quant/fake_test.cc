// What is left of values after quantizing, by hand.
#include "src/quant/fake.h"

#include <gtest/gtest.h>

namespace dsq {
namespace {

std::vector<float> after(const Tensor& x, const QuantSpec& spec, const QuantParams* params) {
  return to_floats(fake_quantized(x, spec, params));
}

TEST(FakeQuantized, ScalesOfChannels) {
  const QuantParams params{{1, 0}, {1.0F, 0.5F}, {0, 2}, {}};
  QuantSpec spec;
  spec.storage = DType::u4;
  const Tensor x = Tensor::of<float>({1, 2, 3}, {0.4F, 2.5F, 99, -1, -9, 0.3F});
  EXPECT_EQ(after(x, spec, &params), (std::vector<float>{0, 2, 15, -1, -1, 0.5F}));
}

TEST(FakeQuantized, SignedBytes) {
  const QuantParams params{{}, {0.5F}, {}, {}};
  QuantSpec spec;
  spec.storage = DType::i8;
  EXPECT_EQ(after(Tensor::of<float>({3}, {-100, 0.25F, 0.8F}), spec, &params), (std::vector<float>{-64, 0, 1}));
}

TEST(FakeQuantized, RangesOfTheRun) {
  QuantSpec spec;
  spec.storage = DType::u4;
  spec.range = RangeSource::per_sample;
  const Tensor x = Tensor::of<float>({2, 2, 1}, {15, 0.4F, 150, 4});
  EXPECT_EQ(after(x, spec, nullptr), (std::vector<float>{15, 0, 150, 0}));
  spec.range = RangeSource::per_token;
  EXPECT_EQ(after(Tensor::of<float>({1, 2, 2}, {15, 4, 30, 4}), spec, nullptr), (std::vector<float>{15, 4, 30, 4}));
}

}  // namespace
}  // namespace dsq
