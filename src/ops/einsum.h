// The equation of an einsum, read against the shapes of its operands.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "src/ir/shape.h"

namespace dsq {

// One label per axis; broadcast axes of an ellipsis get the labels '0', '1', ... from the right.
struct EinsumPlan {
  std::vector<std::string> operands;
  std::string output;
  std::map<char, int64_t> sizes;
};

// Errors: attribute_invalid, shape_mismatch.
Result<EinsumPlan> plan_einsum(std::string_view equation, const std::vector<Shape>& shapes);

}  // namespace dsq
