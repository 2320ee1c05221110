// Fuzz target: .onnx files. Beside the model lies a file of 4096 bytes that it may take external data from.
#include <vector>

#include "tests/fuzz/exercise.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::filesystem::path external = dsq::fuzz::write("weights.bin", std::vector<uint8_t>(4096, 0x3C));
  dsq::fuzz::exercise(dsq::fuzz::write("model.onnx", {data, size}));
  return 0;
}
