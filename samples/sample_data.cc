// sample_data FOLDER: writes the pictures and labels to calibrate, measure and try the sample network on.
#include <cstdio>
#include <filesystem>
#include <string>

#include "formats/npy/npy.h"
#include "samples/shapes.h"

namespace dsq::sample {
namespace {

constexpr int64_t kCalibrationCount = 256;
constexpr int64_t kTestCount = 2400;

Result<void> write_set(const std::filesystem::path& folder, const std::string& name, uint64_t seed, int64_t count) {
  const Pictures pictures = draw_pictures(seed, count);
  const Tensor values = Tensor::of<float>({count, kChannels, kSide, kSide}, std::span<const float>(pictures.values));
  const Tensor labels = Tensor::of<int64_t>({count}, std::span<const int64_t>(pictures.labels));
  DSQ_TRY(npy::write_npz(folder / (name + ".npz"), {{"image", values}}));
  return npy::write_npy(folder / (name + "_labels.npy"), labels);
}

Result<void> write_all(const std::filesystem::path& folder) {
  DSQ_TRY(write_set(folder, "calibration", kCalibrationSeed, kCalibrationCount));
  return write_set(folder, "test", kTestSeed, kTestCount);
}

}  // namespace
}  // namespace dsq::sample

int main(int count, char** arguments) {
  if (count != 2) {
    std::fputs("usage: sample_data FOLDER\n", stderr);
    return 2;
  }
  std::error_code ignored;  // write_all says what is wrong with the folder
  std::filesystem::create_directories(arguments[1], ignored);
  const dsq::Result<void> written = dsq::sample::write_all(arguments[1]);
  if (!written) {
    std::fprintf(stderr, "error[%s]: %s: %s\n", dsq::code_name(written.error().code).c_str(),
                 written.error().where.c_str(), written.error().what.c_str());
    return 3;
  }
}
