// What CLI11 does not take, in this program's own words: which option, what it takes, an example.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"

namespace dsq::cli {

// Errors: usage; option_conflict for options that exclude each other.
Error refusal(const CLI::ParseError& error, const CLI::App& app, const Command& command);

// Of words that no option took: flags get the nearest flag, words are simply too many.
Error left_over(const std::vector<std::string>& words, const CLI::App& app, const Command& command);

// What is wrong with the words as they stand, before CLI11 sees them: a flag without its value would take the next flag
// for it. Errors: usage.
Result<void> check_values(const std::vector<std::string>& words, const CLI::App& app, const Command& command);

}  // namespace dsq::cli
