// From argv to an action: which command is meant, its options, and a useful answer to what cannot be understood.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"

namespace dsq::cli {

struct Parsed {
  Action action;
  Output output;
  std::string file = {};  // the first positional argument, where it is a file: what errors that know no place are about
};

// `words`: without the program's name. Errors: usage, with the nearest name; option_conflict; those of --config.
Result<Parsed> parse_arguments(std::vector<std::string> words);

// What --color asks for, also where the rest cannot be parsed: errors are coloured too.
Colour wanted_colour(const std::vector<std::string>& words);

}  // namespace dsq::cli
