#include "src/ir/tensor.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "src/ir/half.h"

namespace dsq {
namespace {

TEST(Nibbles, EveryValueAtEvenAndOddPlaces) {
  Tensor packed(DType::i4, {5});
  ASSERT_EQ(packed.bytes().size(), 3U);
  for (int value = -8; value < 8; ++value) {
    for (int64_t i = 0; i < 5; ++i) {
      set_nibble(packed.mutable_bytes().data(), i, value);
      EXPECT_EQ(get_nibble(packed.bytes().data(), i, true), value);
      EXPECT_EQ(get_nibble(packed.bytes().data(), i, false), value & 15);
    }
  }
}

TEST(Nibbles, WritingOneLeavesItsNeighbour) {
  Tensor packed(DType::u4, {4});
  for (int64_t i = 0; i < 4; ++i) {
    set_nibble(packed.mutable_bytes().data(), i, static_cast<int>(i) + 3);
  }
  EXPECT_EQ(to_ints(packed), (std::vector<int64_t>{3, 4, 5, 6}));
  EXPECT_EQ(packed.bytes()[0], std::byte{0x43});  // the first element lies in the low nibble
  set_nibble(packed.mutable_bytes().data(), 1, 15);
  EXPECT_EQ(to_ints(packed), (std::vector<int64_t>{3, 15, 5, 6}));
}

TEST(Nibbles, SizeOfOddCounts) {
  EXPECT_EQ(bytes_of(DType::u4, 0), 0);
  EXPECT_EQ(bytes_of(DType::u4, 1), 1);
  EXPECT_EQ(bytes_of(DType::i4, 7), 4);
}

TEST(TensorCopies, ShareUntilOneIsWritten) {
  const Tensor first = Tensor::of<float>({2}, {1, 2});
  Tensor second = first;
  EXPECT_TRUE(second.shares(first));
  second.mutable_values<float>()[0] = 5;
  EXPECT_FALSE(second.shares(first));
  EXPECT_EQ(first.values<float>()[0], 1.0F);
}

TEST(TensorCopies, BorrowedBytesAreNeverWritten) {
  const auto owner = std::make_shared<std::vector<float>>(std::vector<float>{1, 2});
  Tensor tensor = Tensor::borrow(DType::f32, {2}, owner, owner->data());
  EXPECT_EQ(tensor.bytes().data(), reinterpret_cast<const std::byte*>(owner->data()));
  tensor.mutable_values<float>()[1] = 9;
  EXPECT_EQ((*owner)[1], 2.0F);
}

TEST(TensorEquality, TypeShapeAndBytes) {
  const Tensor a = Tensor::of<float>({2}, {1, 2});
  EXPECT_TRUE(a == Tensor::of<float>({2}, {1, 2}));
  EXPECT_FALSE(a == Tensor::of<float>({2}, {1, 3}));
  EXPECT_FALSE(a == a.reshaped({1, 2}));
  EXPECT_FALSE(Tensor::of<int32_t>({1}, {0}) == Tensor::of<float>({1}, {0}));
}

TEST(Broadcast, FollowsNumPy) {
  EXPECT_EQ(*broadcast(Shape{2, 1, 4}, Shape{3, 1}), (Shape{2, 3, 4}));
  EXPECT_EQ(*broadcast(Shape{}, Shape{2, 3}), (Shape{2, 3}));
  EXPECT_EQ(*broadcast(Shape{0}, Shape{1}), (Shape{0}));
  const Result<Shape> wrong = broadcast(Shape{2, 3}, Shape{4});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, Code::shape_mismatch);
  EXPECT_FALSE(broadcast(Shape{0}, Shape{2}));
}

TEST(Broadcast, AnOpenDimensionTakesTheOther) {
  EXPECT_EQ(*broadcast(Shape{kUnknown}, Shape{4}), (Shape{4}));
  EXPECT_EQ(*broadcast(Shape{kUnknown}, Shape{1}), (Shape{kUnknown}));
  EXPECT_EQ(*broadcast(Shape{kUnknown}, Shape{kUnknown}), (Shape{kUnknown}));
}

TEST(Shapes, AxesAndCounts) {
  EXPECT_EQ(*normalize_axis(-1, 3), 2);
  EXPECT_EQ(*normalize_axis(0, 3), 0);
  EXPECT_FALSE(normalize_axis(3, 3));
  EXPECT_FALSE(normalize_axis(-4, 3));
  EXPECT_EQ(count_of(Shape{}), 1);
  EXPECT_EQ(*checked_count(Shape{3, 0, 5}), 0);
  EXPECT_FALSE(checked_count(Shape{-2}));
  EXPECT_FALSE(checked_count(Shape{int64_t{1} << 32, int64_t{1} << 32}));
  EXPECT_EQ(strides_of(Shape{2, 3, 4}), (Shape{12, 4, 1}));
  EXPECT_EQ(text_of(Shape{1, kUnknown}), "[1,?]");
}

TEST(Halves, EveryF16ReturnsToItself) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<uint16_t>(bits);
    const float value = f16_to_f32(half);
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(f16_to_f32(f32_to_f16(value))));
    } else {
      ASSERT_EQ(f32_to_f16(value), half) << bits;
    }
  }
}

TEST(Halves, F16RoundsToEven) {
  EXPECT_EQ(f16_to_f32(0x3C00), 1.0F);
  EXPECT_EQ(f16_to_f32(0x0001), 0x1p-24F);
  EXPECT_EQ(f16_to_f32(0x7BFF), 65504.0F);
  EXPECT_EQ(f32_to_f16(1.0F + 0x1p-11F), 0x3C00);      // a tie goes to the even one below
  EXPECT_EQ(f32_to_f16(1.0F + 3 * 0x1p-11F), 0x3C02);  // a tie goes to the even one above
  EXPECT_EQ(f32_to_f16(1.0F + 0x1p-11F + 0x1p-23F), 0x3C01);
  EXPECT_EQ(f32_to_f16(65519.996F), 0x7BFF);
  EXPECT_EQ(f32_to_f16(65520.0F), 0x7C00);
  EXPECT_EQ(f32_to_f16(0x1p-25F), 0x0000);  // half of the smallest: a tie, to zero
  EXPECT_EQ(f32_to_f16(0x1.8p-25F), 0x0001);
  EXPECT_EQ(f32_to_f16(-0.0F), 0x8000);
  EXPECT_EQ(f32_to_f16(-std::numeric_limits<float>::infinity()), 0xFC00);
}

TEST(Halves, EveryBf16ReturnsToItself) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const float value = bf16_to_f32(static_cast<uint16_t>(bits));
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(bf16_to_f32(f32_to_bf16(value))));
    } else {
      ASSERT_EQ(f32_to_bf16(value), bits);
    }
  }
  EXPECT_EQ(f32_to_bf16(1.0F + 0x1p-8F), 0x3F80);
  EXPECT_EQ(f32_to_bf16(1.0F + 3 * 0x1p-8F), 0x3F82);
}

}  // namespace
}  // namespace dsq
