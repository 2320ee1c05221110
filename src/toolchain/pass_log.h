// Which passes ran on a graph, in their order, and what each did: for --verbose.
#pragma once

#include <vector>

#include "passes/pipeline.h"

namespace dsq {

using PassLog = std::vector<PassRecord>;

inline void append(PassLog& log, const PassLog& more) { log.insert(log.end(), more.begin(), more.end()); }

}  // namespace dsq
