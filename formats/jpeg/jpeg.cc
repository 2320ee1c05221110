#include "formats/jpeg/jpeg.h"

#include <memory>
#include <string_view>

#include <turbojpeg.h>

#include "formats/jpeg/orientation.h"

namespace dsq::jpeg {

Result<Picture> decode(std::span<const std::byte> bytes) {
  const std::unique_ptr<void, int (*)(tjhandle)> jpeg(tjInitDecompress(), tjDestroy);
  if (jpeg == nullptr) {
    return fail(Code::out_of_memory, "memory ran out");
  }
  const auto damaged = [&] {
    return fail(Code::data_unreadable, "not a JPEG picture: {}", tjGetErrorStr2(jpeg.get()));
  };
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  const auto size = static_cast<unsigned long>(bytes.size());  // NOLINT: the library's type
  int width = 0;
  int height = 0;
  int subsampling = 0;
  int colours = 0;
  if (tjDecompressHeader3(jpeg.get(), data, size, &width, &height, &subsampling, &colours) != 0) {
    return damaged();
  }
  if (colours == TJCS_CMYK || colours == TJCS_YCCK) {
    return fail(Code::data_unreadable, "a JPEG picture in CMYK, for printing, is not read").hint("convert it to RGB");
  }
  DSQ_TRY(check_picture_size(width, height));
  Picture picture{width, height, 3, std::vector<uint8_t>(static_cast<size_t>(width) * static_cast<size_t>(height) * 3)};
  if (tjDecompress2(jpeg.get(), data, size, picture.levels.data(), width, 0, height, TJPF_RGB,
                    TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS) != 0) {
    const bool harmless =
        tjGetErrorCode(jpeg.get()) == TJERR_WARNING &&
        std::string_view(tjGetErrorStr2(jpeg.get())).find("extraneous bytes") != std::string_view::npos;
    if (!harmless) {
      return damaged();
    }
  }
  return upright(std::move(picture), orientation_of(bytes));
}

}  // namespace dsq::jpeg
