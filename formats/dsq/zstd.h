// Constants as Zstandard frames (RFC 8878). Trained int8 weights hold about 7 bits of information an element: what
// shortens them is the entropy coding, repetitions there are none, so the fastest level is as good as the highest.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "src/support/result.h"

namespace dsq {

// Bytes in each frame but the last: bounds what coding one takes, whatever the tensor's size.
inline constexpr size_t kZstdFrameBytes = size_t{4} << 20;
// A frame may not hold more than this times its own size. Keeps what reading allocates in proportion to the file.
inline constexpr uint64_t kZstdMaxRatio = 8;

std::string zstd_name();  // "zstd 1.5.4"

// The frames one after the other, each with its content's size; empty where that saves less than 3 % or more than
// kZstdMaxRatio allows.
std::vector<std::byte> zstd_compress(std::span<const std::byte> bytes);

// Exactly to.size() bytes, in frames as above, must come out of exactly `stored`. Errors: dsq_invalid.
Result<void> zstd_decompress(std::span<const std::byte> stored, std::span<std::byte> to);

}  // namespace dsq
