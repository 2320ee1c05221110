// An example of each error code: from the table in codes.cc, for `dsquant explain` and src/support/ERRORS.md.
#pragma once

#include <string>
#include <string_view>

#include "src/support/codes.h"

namespace dsq {

struct CodeExample {
  std::string_view command;  // a command line that ends with this code; empty: no input leads to it
  std::string prints;        // what it answers on stderr: the error and the advice
};

CodeExample example_of(Code code);

}  // namespace dsq
