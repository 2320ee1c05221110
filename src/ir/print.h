// The text form of a graph (.dsir). parse(print(g)) == g for a compacted graph.
//
//   graph "name" stage=float (%x: f32[1,3,8,8]) -> (%y) {
//     %w = const f32[2] {0.5, -1}
//     %y = conv(%x, %w, _) {pads=[1,1,1,1], group=1} @"node" : f32[1,2,8,8]
//   }
//
// `_` is an absent optional input or output. Attributes at their defaults are left out; enumerations, element types
// and lists are written by name, nested graphs in place. A value's type may be followed by
//   spec(u4, axis=1, group=0, symmetric, range=calibrated)
//   quant(axis=1, group=0, scale={0.1, 0.2}, zero={3, 4}, levels={...})
// Constants: {v, ...} in full; fill(v); hex"..." for the raw bytes; and, in parsing only, rand(seed=n) (floats uniform
// in [-1, 1), integers in [0, 10)) and `any` (a placeholder that equals every constant of its type).
// Comments run from // to the end of the line.
#pragma once

#include <string>

#include "src/ir/graph.h"

namespace dsq {

struct PrintOptions {
  bool elide_constants = false;  // `any` instead of more than 16 values: for people, not for parsing back
};

std::string print(const Graph& graph, const PrintOptions& options = {});

}  // namespace dsq
