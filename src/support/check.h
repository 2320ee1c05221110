// DSQ_CHECK states what must hold if the program itself is right. It is never reachable from user input:
// what a user can cause is an Error (result.h).
#pragma once

namespace dsq {
[[noreturn]] void check_failed(const char* condition, const char* why, const char* file, int line);
}

#define DSQ_CHECK(condition, why)                               \
  do {                                                          \
    if (!(condition)) [[unlikely]] {                            \
      ::dsq::check_failed(#condition, why, __FILE__, __LINE__); \
    }                                                           \
  } while (false)
