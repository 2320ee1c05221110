#include "src/support/hash.h"

#include <fmt/format.h>
#include <openssl/sha.h>

namespace dsq {

Digest sha256(std::span<const std::byte> bytes) {
  Digest digest{};
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
  return digest;
}

std::string hex(std::span<const uint8_t> digest) {
  std::string out;
  for (const uint8_t byte : digest) {
    out += fmt::format("{:02x}", byte);
  }
  return out;
}

}  // namespace dsq
