// Fuzz target: .dsq files.
#include "tests/fuzz/exercise.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  dsq::fuzz::exercise(dsq::fuzz::write("model.dsq", {data, size}));
  return 0;
}
