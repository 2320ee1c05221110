#include "src/support/check.h"

#include <stdexcept>

#include <fmt/format.h>

namespace dsq {

// Thrown, not aborted: main() turns it into error[E901] and exit status 4, with stacks unwound.
void check_failed(const char* condition, const char* why, const char* file, int line) {
  throw std::logic_error(fmt::format("{} ({} at {}:{})", why, condition, file, line));
}

}  // namespace dsq
