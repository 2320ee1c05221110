// What models may ask for. A few bytes can ask for anything; what is above these is refused before it is tried.
#pragma once

#include "src/ir/graph.h"

namespace dsq {

inline constexpr size_t kMaxDims = 32;              // of a value; .dsq files hold no more
inline constexpr int64_t kMaxKnownInts = 64;        // longer integer tensors are data, not shapes
inline constexpr int64_t kMaxLoopRounds = 1 << 17;  // of all loops of a run; sequences are thousands long, not millions

// Whether a loop's body asks for another round in any case: its first output is true, or the condition that it got.
bool never_stops(const Graph& body);

// What one run may use, the runs of nested graphs included.
struct RunBudget {
  int64_t bytes = 0;   // of values at a time
  int64_t rounds = 0;  // of loops
  int64_t made = 0;    // bytes that nested graphs may write in all their runs
};

}  // namespace dsq
