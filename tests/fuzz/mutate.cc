#include "tests/fuzz/mutate.h"

#include <array>
#include <cmath>
#include <limits>

namespace dsq::fuzz {

int64_t Dice::integer() {
  constexpr auto kEdges = std::to_array<int64_t>({-1, -2, 127, -128, 255, 256, 4096, 65535, 65536, INT32_MAX, INT32_MIN,
                                                  int64_t{1} << 31, int64_t{1} << 32, int64_t{1} << 40,
                                                  int64_t{1} << 62, INT64_MAX, INT64_MIN, INT64_MIN + 1});
  return one_in(4) ? pick(kEdges) : rng_.below(9) - (one_in(4) ? 4 : 0);
}

float Dice::real() {
  constexpr auto kEdges =
      std::to_array<float>({0.0F, -0.0F, 1.0F, -1.0F, 1e-30F, 1e30F, std::numeric_limits<float>::denorm_min(),
                            std::numeric_limits<float>::max(), INFINITY, -INFINITY, NAN, 2147483648.0F, 1e19F});
  return one_in(3) ? pick(kEdges) : rng_.uniform(-2, 2);
}

void Dice::scramble(std::string& text, size_t grow) {
  const size_t size = text.size();
  text.resize(size + grow);
  text.resize(LLVMFuzzerMutate(reinterpret_cast<uint8_t*>(text.data()), size, text.size()));
}

}  // namespace dsq::fuzz
