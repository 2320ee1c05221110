// The 128 bytes in front of a .dsq file (SEMANTICS.md, section 1), and where the sections lie.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "src/support/hash.h"
#include "src/support/result.h"

namespace dsq {

inline constexpr uint32_t kContainerVersion = 1;
inline constexpr uint64_t kHeaderBytes = 128;
inline constexpr std::array<uint8_t, 8> kDsqMagic = {0x89, 'D', 'S', 'Q', '\r', '\n', 0x1A, '\n'};

// Tensors in the data section start at multiples of this: whole cache lines, less for what is small. What has to be
// unpacked before it is used lies anywhere.
constexpr uint64_t tensor_alignment(uint64_t bytes, bool packed) { return packed ? 1 : bytes >= 1024 ? 64 : 16; }
constexpr uint64_t align_up(uint64_t value, uint64_t alignment) {
  return (value + alignment - 1) / alignment * alignment;
}

// FlatBuffers end at 2 GB.
inline constexpr uint64_t kMaxMetadata = uint64_t{1} << 30;
// Honest metadata shrinks five to twenty times; what shrinks further than this is stored as it is.
inline constexpr uint64_t kMaxDeflation = 200;

struct DsqHeader {
  uint64_t metadata_stored = 0;  // bytes in the file
  uint64_t metadata_bytes = 0;   // after inflating; equal to metadata_stored when it is not deflated
  uint64_t data_bytes = 0;
  Digest metadata_sha256{};  // of the stored bytes
  Digest data_sha256{};

  uint64_t metadata_offset() const { return kHeaderBytes; }
  // On a page of its own, unless the file is small.
  uint64_t data_offset() const {
    return align_up(kHeaderBytes + metadata_stored, data_bytes >= (uint64_t{1} << 20) ? 4096 : 64);
  }
  uint64_t file_bytes() const { return data_offset() + data_bytes; }
};

std::array<std::byte, kHeaderBytes> header_bytes(const DsqHeader& header);

// Checks everything but the hashes. Errors: not_a_model, dsq_newer, dsq_corrupt.
Result<DsqHeader> parse_header(std::span<const std::byte> file);

}  // namespace dsq
