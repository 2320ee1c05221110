// SHA-256, for the integrity of files and the identity of models and data.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace dsq {

using Digest = std::array<uint8_t, 32>;

Digest sha256(std::span<const std::byte> bytes);
std::string hex(std::span<const uint8_t> digest);

}  // namespace dsq
