// What the structure-aware mutators share. libFuzzer calls them in place of its own; its own serves them for the bytes
// within a structure, and for whole inputs now and then.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "src/support/rng.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace dsq::fuzz {

class Dice {
 public:
  explicit Dice(unsigned seed) : rng_(seed) {}

  bool one_in(int64_t n) { return rng_.below(n) == 0; }
  size_t below(size_t n) { return static_cast<size_t>(rng_.below(static_cast<int64_t>(n))); }
  template <class Range>
  auto& pick(Range& range) {
    return range[below(std::size(range))];
  }
  // Small numbers, the edges of types, and what overflows when multiplied.
  int64_t integer();
  float real();
  // Some bytes of `text` differ, or there are more or fewer.
  void scramble(std::string& text, size_t grow = 16);
  template <class T>
  void scramble(std::vector<T>& values) {
    std::string bytes(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
    scramble(bytes);
    values.resize(bytes.size() / sizeof(T));
    std::copy_n(bytes.data(), values.size() * sizeof(T), reinterpret_cast<char*>(values.data()));
  }
  // An element is dropped, doubled, or changes places with another.
  template <class T>
  void shuffle(std::vector<T>& values) {
    if (values.empty()) {
      return;
    }
    const size_t at = below(values.size());
    switch (below(3)) {
      case 0: values.erase(values.begin() + static_cast<long>(at)); break;
      case 1: values.insert(values.begin() + static_cast<long>(at), T(values[below(values.size())])); break;
      default: std::swap(values[at], values[below(values.size())]); break;
    }
  }

 private:
  Rng rng_;
};

}  // namespace dsq::fuzz
