// Lossless narrowing of 8-bit integer tensors, and deflate for the metadata.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "src/ir/tensor.h"
#include "src/support/result.h"

namespace dsq {

constexpr uint64_t packed_bytes(uint64_t count, int bits) { return (count * static_cast<uint64_t>(bits) + 7) / 8; }

// The bits (1 to 6) that every element of an i8 or u8 tensor fits in, when packing is worth it; otherwise 0.
int bits_worth(const Tensor& tensor);

// Element i lies in bits [i * bits, (i + 1) * bits) of the stream, the lowest bit of each byte first; i8 in two's
// complement. Unused bits at the end are zero. 1 <= bits <= 7.
std::vector<std::byte> pack_bits(const Tensor& tensor, int bits);
Tensor unpack_bits(DType dtype, Shape shape, std::span<const std::byte> packed, int bits);

std::string zlib_name();  // "zlib 1.2.13"
// zlib format (RFC 1950). Empty when that is not smaller.
std::vector<std::byte> deflate_bytes(std::span<const std::byte> bytes);
// Exactly `size` bytes must come out. Errors: dsq_corrupt.
Result<std::vector<std::byte>> inflate_bytes(std::span<const std::byte> stored, size_t size);

}  // namespace dsq
