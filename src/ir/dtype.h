// Element types of tensors, as they lie in memory and in files.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace dsq {

// i4 and u4 lie two in a byte, the first element in the low nibble; the last nibble of an odd count is zero.
enum class DType : uint8_t { f32, f16, bf16, f64, i8, u8, i16, u16, i32, u32, i64, u64, boolean, i4, u4 };

int bits_of(DType type);
std::string_view name_of(DType type);  // "f32", "bool", "u4"
std::optional<DType> dtype_from(std::string_view name);
bool is_float(DType type);    // f32, f16, bf16, f64
bool is_integer(DType type);  // every other one but boolean

// Bytes of `count` elements, rounded up for 4-bit types. `count` >= 0 and small enough not to overflow.
int64_t bytes_of(DType type, int64_t count);

// The smallest and largest value of an integer type of at most 32 bits.
struct IntRange {
  int64_t low = 0;
  int64_t high = 0;
  bool operator==(const IntRange&) const = default;
};
IntRange range_of(DType type);

// The C++ type of each whole-byte element type. f16 and bf16 are raw bits here (half.h converts them).
template <class T>
constexpr DType dtype_of();
// clang-format off
template <> constexpr DType dtype_of<float>() { return DType::f32; }
template <> constexpr DType dtype_of<double>() { return DType::f64; }
template <> constexpr DType dtype_of<int8_t>() { return DType::i8; }
template <> constexpr DType dtype_of<uint8_t>() { return DType::u8; }
template <> constexpr DType dtype_of<int16_t>() { return DType::i16; }
template <> constexpr DType dtype_of<uint16_t>() { return DType::u16; }
template <> constexpr DType dtype_of<int32_t>() { return DType::i32; }
template <> constexpr DType dtype_of<uint32_t>() { return DType::u32; }
template <> constexpr DType dtype_of<int64_t>() { return DType::i64; }
template <> constexpr DType dtype_of<uint64_t>() { return DType::u64; }
template <> constexpr DType dtype_of<bool>() { return DType::boolean; }
// clang-format on

}  // namespace dsq
