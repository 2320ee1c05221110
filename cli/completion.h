// Shell completion, made from the tables of options: commands, flags, the words that a flag takes, files where a file is
// expected, error codes for explain.
#pragma once

#include <string>
#include <vector>

#include "cli/describe.h"

namespace dsq::cli {

std::string bash_completion(const std::vector<CommandFacts>& commands);
std::string zsh_completion(const std::vector<CommandFacts>& commands);
std::string fish_completion(const std::vector<CommandFacts>& commands);

// The words that an option or a positional argument takes, where they are known.
std::vector<std::string> known_words(const OptionFacts& option);

}  // namespace dsq::cli
