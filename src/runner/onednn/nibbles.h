// 4-bit tensors to bytes and back, 32 elements at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "src/runner/kernel.h"

namespace dsq::onednn {

using NibbleTable = std::array<int8_t, 16>;  // the byte that stands for each nibble
NibbleTable plain_table(DType dtype);        // i4: -8..7 in two's complement, u4: 0..15

void unpack(const std::byte* packed, int64_t count, const NibbleTable& table, int8_t* out);
void pack(const uint8_t* bytes, int64_t count, std::byte* packed);  // the low nibble of each byte

// 4-bit inputs are widened before the call and 4-bit outputs narrowed after it, in buffers that the kernel keeps.
Kernel unpacked(const Graph& graph, const Node& node, Kernel kernel);

}  // namespace dsq::onednn
