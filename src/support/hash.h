// SHA-256, for the integrity of files and the identity of models and data.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace dsq {

using Digest = std::array<uint8_t, 32>;

Digest sha256(std::span<const std::byte> bytes);

// The same over bytes that arrive in pieces.
class Sha256 {
 public:
  Sha256();
  void add(std::span<const std::byte> bytes);
  Digest finish();  // once, at the end

 private:
  std::shared_ptr<void> state_;
};

std::string hex(std::span<const uint8_t> digest);

}  // namespace dsq
