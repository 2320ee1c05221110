#include "formats/dsq/packing.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include <zlib.h>

namespace dsq {
namespace {

constexpr int64_t kWorthwhile = 64;  // bytes saved; less is not worth an unpacking at load time
constexpr uint64_t kEachByte = 0x0101010101010101U;

constexpr uint64_t low(int bits) { return (uint64_t{1} << bits) - 1; }
constexpr uint64_t kPairs = 0x0001000100010001U;
constexpr uint64_t kQuads = 0x0000000100000001U;

// Eight elements of `bits` bits each, one after the other, moved to the low ends of the eight bytes: halves to their
// 32 bits, quarters to their 16 bits, eighths to their 8 bits.
uint64_t spread(uint64_t word, int bits) {
  word = (word & low(4 * bits)) | ((word >> (4 * bits)) & low(4 * bits)) << 32;
  word = (word & low(2 * bits) * kQuads) | ((word >> (2 * bits)) & low(2 * bits) * kQuads) << 16;
  return (word & low(bits) * kPairs) | ((word >> bits) & low(bits) * kPairs) << 8;
}

// The way back; what lies above `bits` bits of each byte is dropped.
uint64_t gather(uint64_t word, int bits) {
  word = (word & low(bits) * kPairs) | ((word >> 8) & low(bits) * kPairs) << bits;
  word = (word & low(2 * bits) * kQuads) | ((word >> 16) & low(2 * bits) * kQuads) << (2 * bits);
  return (word & low(4 * bits)) | (word >> 32) << (4 * bits);
}

// Up to eight bytes; a plain load wherever eight are left.
uint64_t load(std::span<const std::byte> bytes, size_t at) {
  uint64_t word = 0;
  bytes.size() - at >= 8 ? std::memcpy(&word, bytes.data() + at, 8)
                         : std::memcpy(&word, bytes.data() + at, bytes.size() - at);
  return word;
}
void store(std::span<std::byte> bytes, size_t at, uint64_t word) {
  bytes.size() - at >= 8 ? std::memcpy(bytes.data() + at, &word, 8)
                         : std::memcpy(bytes.data() + at, &word, bytes.size() - at);
}

}  // namespace

int bits_worth(const Tensor& tensor) {
  if ((tensor.dtype() != DType::i8 && tensor.dtype() != DType::u8) || tensor.count() <= kWorthwhile) {
    return 0;
  }
  const bool is_signed = tensor.dtype() == DType::i8;
  // The bits that differ from the sign, of all elements together.
  uint8_t used = 0;
  for (const std::byte byte : tensor.bytes()) {
    const auto value = static_cast<uint8_t>(byte);
    used = static_cast<uint8_t>(used | (is_signed && value >= 128 ? ~value : value));
  }
  const int bits = std::max(std::bit_width(used) + (is_signed ? 1 : 0), 1);
  const int64_t saved =
      tensor.count() - static_cast<int64_t>(packed_bytes(static_cast<uint64_t>(tensor.count()), bits));
  return bits <= 6 && saved >= kWorthwhile ? bits : 0;
}

std::vector<std::byte> pack_bits(const Tensor& tensor, int bits) {
  const std::span<const std::byte> from = tensor.bytes();
  std::vector<std::byte> packed(packed_bytes(from.size(), bits));
  const auto step = static_cast<size_t>(bits);
  for (size_t block = 0; block * 8 < from.size();
       ++block) {  // upwards: each store leaves zeros that the next overwrites
    store(packed, block * step, gather(load(from, block * 8), bits));
  }
  return packed;
}

Tensor unpack_bits(DType dtype, Shape shape, std::span<const std::byte> packed, int bits) {
  Tensor tensor(dtype, std::move(shape));
  const std::span<std::byte> to = tensor.mutable_bytes();
  const auto step = static_cast<size_t>(bits);
  const uint64_t above = dtype == DType::i8 ? 0xFFU & ~low(bits) : 0;  // copies of the sign
  for (size_t block = 0; block * 8 < to.size(); ++block) {
    const uint64_t word = spread(load(packed, block * step), bits);
    store(to, block * 8, word | ((word >> (bits - 1)) & kEachByte) * above);
  }
  return tensor;
}

std::vector<std::byte> deflate_bytes(std::span<const std::byte> bytes) {
  uLongf size = compressBound(bytes.size());
  std::vector<std::byte> out(size);
  const int status = compress2(reinterpret_cast<Bytef*>(out.data()), &size,
                               reinterpret_cast<const Bytef*>(bytes.data()), bytes.size(), Z_BEST_COMPRESSION);
  out.resize(status == Z_OK && size < bytes.size() ? size : 0);
  return out;
}

Result<std::vector<std::byte>> inflate_bytes(std::span<const std::byte> stored, size_t size) {
  std::vector<std::byte> out(size);
  uLongf written = size;
  uLong consumed = stored.size();
  const int status = uncompress2(reinterpret_cast<Bytef*>(out.data()), &written,
                                 reinterpret_cast<const Bytef*>(stored.data()), &consumed);
  if (status != Z_OK || written != size || consumed != stored.size()) {
    return fail(Code::dsq_corrupt, "the metadata cannot be inflated to {} bytes", size);
  }
  return out;
}

std::string zlib_name() { return std::string("zlib ") + zlibVersion(); }

}  // namespace dsq
