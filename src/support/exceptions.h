// Exceptions are no channel here (result.h); those of libraries and of DSQ_CHECK become errors where they arrive.
#pragma once

#include <exception>
#include <new>

#include "src/support/result.h"

namespace dsq {

inline Error error_of(const std::exception& exception) {
  return dynamic_cast<const std::bad_alloc*>(&exception) != nullptr ? fail(Code::out_of_memory, "memory ran out")
                                                                    : fail(Code::internal, "{}", exception.what());
}

}  // namespace dsq
