#include "src/toolchain/memory.h"

#include <unistd.h>

#include "src/support/strings.h"

namespace dsq {

int64_t physical_memory() {
  return static_cast<int64_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<int64_t>(::sysconf(_SC_PAGE_SIZE));
}

Result<void> check_memory(const std::string& what, int64_t bytes, int64_t limit) {
  if (bytes <= (limit > 0 ? limit : physical_memory())) {
    return {};
  }
  const auto text = [](int64_t n) { return human_bytes(static_cast<double>(n)); };
  return limit > 0
             ? fail(Code::out_of_memory, "{} needs about {}; --max-memory allows {}", what, text(bytes), text(limit))
                   .hint("use a smaller --batch or smaller shapes, or allow more with --max-memory")
             : fail(Code::out_of_memory, "{} needs about {}; the machine has {}", what, text(bytes),
                    text(physical_memory()))
                   .hint("use a smaller --batch or smaller shapes");
}

}  // namespace dsq
