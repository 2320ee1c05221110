// From argv to an action: which command is meant, its options, and a useful answer to what cannot be understood.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "cli/command.h"

namespace dsq::cli {

struct Parsed {
  Action action;  // empty: `help` was asked for
  std::string help;
};

// `arguments` without the program's name. Errors: usage, with the nearest name.
Result<Parsed> parse_arguments(std::vector<std::string> arguments);

}  // namespace dsq::cli
