#include "formats/dsq/header.h"

#include <algorithm>
#include <cstring>

#include "src/support/strings.h"

namespace dsq {
namespace {

// Fields lie in this order; all numbers are little-endian.
struct Raw {
  std::array<uint8_t, 8> magic;
  uint32_t version;
  uint32_t header_bytes;
  uint64_t file_bytes;
  uint64_t metadata_offset;
  uint64_t metadata_stored;
  uint64_t metadata_bytes;
  uint64_t data_offset;
  uint64_t data_bytes;
  Digest metadata_sha256;
  Digest data_sha256;
};
static_assert(sizeof(Raw) == kHeaderBytes);

// No section may be larger: sums of a few of them cannot overflow.
constexpr uint64_t kMaxBytes = uint64_t{1} << 48;

}  // namespace

std::array<std::byte, kHeaderBytes> header_bytes(const DsqHeader& header) {
  const Raw raw{kDsqMagic,
                kContainerVersion,
                static_cast<uint32_t>(kHeaderBytes),
                header.file_bytes(),
                header.metadata_offset(),
                header.metadata_stored,
                header.metadata_bytes,
                header.data_offset(),
                header.data_bytes,
                header.metadata_sha256,
                header.data_sha256};
  std::array<std::byte, kHeaderBytes> bytes{};
  std::memcpy(bytes.data(), &raw, sizeof(raw));
  return bytes;
}

Result<DsqHeader> parse_header(std::span<const std::byte> file) {
  if (file.size() < kDsqMagic.size() || std::memcmp(file.data(), kDsqMagic.data(), kDsqMagic.size()) != 0) {
    return fail(Code::not_a_model, "does not begin like a .dsq file");
  }
  if (file.size() < kHeaderBytes) {
    return fail(Code::dsq_corrupt, "ends inside its header");
  }
  Raw raw;
  std::memcpy(&raw, file.data(), sizeof(raw));
  if (raw.version > kContainerVersion) {
    return fail(Code::dsq_newer, "the container has version {}, this dsquant reads up to {}", raw.version,
                kContainerVersion);
  }
  DsqHeader header{raw.metadata_stored, raw.metadata_bytes, raw.data_bytes, raw.metadata_sha256, raw.data_sha256};
  const bool sizes_fit = raw.metadata_stored <= raw.metadata_bytes && raw.metadata_bytes <= kMaxMetadata &&
                         raw.metadata_bytes <= raw.metadata_stored * kMaxDeflation && raw.data_bytes <= kMaxBytes;
  if (raw.version == 0 || raw.header_bytes != kHeaderBytes || !sizes_fit ||
      raw.metadata_offset != header.metadata_offset() || raw.data_offset != header.data_offset() ||
      raw.file_bytes != header.file_bytes()) {
    return fail(Code::dsq_corrupt, "the header's sizes contradict each other");
  }
  if (raw.file_bytes != file.size()) {
    return fail(Code::dsq_corrupt, "the file has {}, its header says {}", plural(file.size(), "byte"), raw.file_bytes);
  }
  const auto padding =
      file.subspan(kHeaderBytes + raw.metadata_stored, raw.data_offset - kHeaderBytes - raw.metadata_stored);
  if (std::ranges::any_of(padding, [](std::byte b) { return b != std::byte{0}; })) {
    return fail(Code::dsq_corrupt, "bytes between the sections are not zero");
  }
  return header;
}

}  // namespace dsq
