// Memory, asked before it is taken.
#pragma once

#include <cstdint>
#include <string>

#include "src/support/result.h"

namespace dsq {

int64_t physical_memory();  // of the machine, in bytes

// What needs so many bytes (`what`: "a step of 8 samples") may have them: `limit`, or what the machine has where it is 0.
// Errors: out_of_memory, with both numbers and what to do.
Result<void> check_memory(const std::string& what, int64_t bytes, int64_t limit);

}  // namespace dsq
