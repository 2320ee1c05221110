// Places values of known size in one arena so that values that live at the same time do not overlap.
#pragma once

#include <cstdint>
#include <vector>

namespace dsq {

struct Lifetime {
  int64_t bytes = 0;
  int32_t first = 0;  // the step that writes it
  int32_t last = 0;   // the last step that reads it, >= first
};

struct MemoryPlan {
  std::vector<int64_t> offset;  // of each lifetime, multiples of 64
  int64_t peak = 0;             // size of the arena
  int64_t total = 0;            // bytes if nothing were shared
};

// Greedy by size: the largest values are placed first, each at the lowest offset that is free during its life.
// (Pisarchyk, Lee: "Efficient Memory Management for Deep Neural Net Inference", 2020, section 5.2.)
MemoryPlan plan_memory(const std::vector<Lifetime>& lifetimes);

}  // namespace dsq
