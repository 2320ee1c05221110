#include "src/ir/dtype.h"

#include <array>

namespace dsq {
namespace {

struct Row {
  DType type;
  std::string_view name;
  int bits;
};

constexpr std::array<Row, 15> kRows = {{
    {DType::f32, "f32", 32},
    {DType::f16, "f16", 16},
    {DType::bf16, "bf16", 16},
    {DType::f64, "f64", 64},
    {DType::i8, "i8", 8},
    {DType::u8, "u8", 8},
    {DType::i16, "i16", 16},
    {DType::u16, "u16", 16},
    {DType::i32, "i32", 32},
    {DType::u32, "u32", 32},
    {DType::i64, "i64", 64},
    {DType::u64, "u64", 64},
    {DType::boolean, "bool", 8},
    {DType::i4, "i4", 4},
    {DType::u4, "u4", 4},
}};

const Row& row_of(DType type) { return kRows[static_cast<size_t>(type)]; }

}  // namespace

int bits_of(DType type) { return row_of(type).bits; }

std::string_view name_of(DType type) { return row_of(type).name; }

std::optional<DType> dtype_from(std::string_view name) {
  for (const Row& row : kRows) {
    if (row.name == name) {
      return row.type;
    }
  }
  return std::nullopt;
}

bool is_float(DType type) { return type <= DType::f64; }

bool is_integer(DType type) { return type > DType::f64 && type != DType::boolean; }

int64_t bytes_of(DType type, int64_t count) {
  const int bits = bits_of(type);
  return bits == 4 ? (count + 1) / 2 : count * (bits / 8);
}

IntRange range_of(DType type) {
  const int bits = bits_of(type);
  const bool is_signed = type == DType::i4 || type == DType::i8 || type == DType::i16 || type == DType::i32;
  return is_signed ? IntRange{-(int64_t{1} << (bits - 1)), (int64_t{1} << (bits - 1)) - 1}
                   : IntRange{0, (int64_t{1} << bits) - 1};
}

}  // namespace dsq
