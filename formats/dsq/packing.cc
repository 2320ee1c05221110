#include "formats/dsq/packing.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include <zlib.h>

namespace dsq {
namespace {

constexpr int64_t kWorthwhile = 64;  // bytes saved; less is not worth an unpacking at load time

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
  const int64_t saved = tensor.count() - static_cast<int64_t>(packed_bytes(static_cast<uint64_t>(tensor.count()), bits));
  return bits <= 6 && saved >= kWorthwhile ? bits : 0;
}

std::vector<std::byte> pack_bits(const Tensor& tensor, int bits) {
  const std::span<const std::byte> from = tensor.bytes();
  std::vector<std::byte> packed;
  packed.reserve(packed_bytes(from.size(), bits));
  const uint32_t mask = (1U << bits) - 1;
  uint32_t pending = 0;
  int held = 0;
  for (const std::byte byte : from) {
    pending |= (static_cast<uint32_t>(byte) & mask) << held;
    held += bits;
    if (held >= 8) {
      packed.push_back(static_cast<std::byte>(pending));
      pending >>= 8;
      held -= 8;
    }
  }
  if (held > 0) {
    packed.push_back(static_cast<std::byte>(pending));
  }
  return packed;
}

Tensor unpack_bits(DType dtype, Shape shape, std::span<const std::byte> packed, int bits) {
  Tensor tensor(dtype, std::move(shape));
  std::byte* to = tensor.mutable_bytes().data();
  const int64_t count = tensor.count();
  const uint32_t mask = (1U << bits) - 1;
  const uint32_t sign = dtype == DType::i8 ? 1U << (bits - 1) : 0;
  // Eight elements fill exactly `bits` bytes.
  for (int64_t block = 0; block * 8 < count; ++block) {
    const auto at = static_cast<size_t>(block) * static_cast<size_t>(bits);
    uint64_t word = 0;
    std::memcpy(&word, packed.data() + at, std::min<size_t>(static_cast<size_t>(bits), packed.size() - at));
    const int64_t here = std::min<int64_t>(8, count - block * 8);
    for (int64_t i = 0; i < here; ++i) {
      const uint32_t value = static_cast<uint32_t>(word >> (i * bits)) & mask;
      to[block * 8 + i] = static_cast<std::byte>((value ^ sign) - sign);
    }
  }
  return tensor;
}

std::vector<std::byte> deflate_bytes(std::span<const std::byte> bytes) {
  uLongf size = compressBound(bytes.size());
  std::vector<std::byte> out(size);
  const int status = compress2(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(bytes.data()),
                               bytes.size(), Z_BEST_COMPRESSION);
  out.resize(status == Z_OK && size < bytes.size() ? size : 0);
  return out;
}

Result<std::vector<std::byte>> inflate_bytes(std::span<const std::byte> stored, size_t size) {
  std::vector<std::byte> out(size);
  uLongf written = size;
  uLong consumed = stored.size();
  const int status = uncompress2(reinterpret_cast<Bytef*>(out.data()), &written, reinterpret_cast<const Bytef*>(stored.data()), &consumed);
  if (status != Z_OK || written != size || consumed != stored.size()) {
    return fail(Code::dsq_corrupt, "the metadata cannot be inflated to {} bytes", size);
  }
  return out;
}

}  // namespace dsq
