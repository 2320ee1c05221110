// Time by operator and by node, as `run --profile` and `bench` show it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/console.h"
#include "src/runner/executable.h"

namespace dsq::cli {

// Means over `runs`; at most `nodes` single nodes, the slowest first.
std::string profile_text(const std::vector<NodeProfile>& profile, int64_t runs, size_t nodes);
Json profile_json(const std::vector<NodeProfile>& profile, int64_t runs);

}  // namespace dsq::cli
