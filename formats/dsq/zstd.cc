#include "formats/dsq/zstd.h"

#include <algorithm>
#include <memory>

#include <zstd.h>

#include "src/support/check.h"

namespace dsq {
namespace {

constexpr int kLevel = 1;

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

}  // namespace

std::vector<std::byte> zstd_compress(std::span<const std::byte> bytes) {
  const std::unique_ptr<ZSTD_CCtx, FreeContext> context(ZSTD_createCCtx());
  DSQ_CHECK(context != nullptr, "memory for a compressor");
  std::vector<std::byte> out;
  for (size_t at = 0; at < bytes.size(); at += kZstdFrameBytes) {
    const std::span<const std::byte> content = bytes.subspan(at, std::min(kZstdFrameBytes, bytes.size() - at));
    const size_t before = out.size();
    out.resize(before + ZSTD_compressBound(content.size()));
    const size_t size = ZSTD_compressCCtx(context.get(), out.data() + before, out.size() - before, content.data(),
                                          content.size(), kLevel);
    if (ZSTD_isError(size) != 0 || size * kZstdMaxRatio < content.size()) {
      return {};
    }
    out.resize(before + size);
  }
  const bool is_worthwhile = out.size() + out.size() / 32 < bytes.size();
  return is_worthwhile ? out : std::vector<std::byte>();
}

Result<void> zstd_decompress(std::span<const std::byte> stored, std::span<std::byte> to) {
  const std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
  DSQ_CHECK(context != nullptr, "memory for a decompressor");
  while (!to.empty()) {
    const std::span<std::byte> content = to.first(std::min(kZstdFrameBytes, to.size()));
    const size_t frame = ZSTD_findFrameCompressedSize(stored.data(), stored.size());
    if (ZSTD_isError(frame) != 0 || ZSTD_getFrameContentSize(stored.data(), stored.size()) != content.size() ||
        ZSTD_decompressDCtx(context.get(), content.data(), content.size(), stored.data(), frame) != content.size()) {
      return fail(Code::dsq_invalid, "a compressed tensor is not made of the frames that its size asks for");
    }
    stored = stored.subspan(frame);
    to = to.subspan(content.size());
  }
  if (!stored.empty()) {
    return fail(Code::dsq_invalid, "a compressed tensor is followed by {} bytes too many", stored.size());
  }
  return {};
}

std::string zstd_name() { return std::string("zstd ") + ZSTD_versionString(); }

}  // namespace dsq
