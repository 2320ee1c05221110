#include "src/support/hash.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include "src/support/check.h"

namespace dsq {

Digest sha256(std::span<const std::byte> bytes) {
  Digest digest{};
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
  return digest;
}

Sha256::Sha256() : state_(EVP_MD_CTX_new(), [](void* context) { EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(context)); }) {
  DSQ_CHECK(EVP_DigestInit_ex(static_cast<EVP_MD_CTX*>(state_.get()), EVP_sha256(), nullptr) == 1,
            "OpenSSL has SHA-256");
}

void Sha256::add(std::span<const std::byte> bytes) {
  EVP_DigestUpdate(static_cast<EVP_MD_CTX*>(state_.get()), bytes.data(), bytes.size());
}

Digest Sha256::finish() {
  Digest digest{};
  EVP_DigestFinal_ex(static_cast<EVP_MD_CTX*>(state_.get()), digest.data(), nullptr);
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
