// --config and --print-config: options from a file and into one.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/command_line.h"

namespace dsq::cli {

// `words` with the settings of the file put beside them; an option that `typed` has already seen keeps what was typed.
// Keys are the long flags without dashes and the names of positional arguments in lower case; switches take true or
// false, numbers numbers, options that may be repeated a list. Errors: text_syntax, with file and line, for keys that
// the command does not have (the nearest is named) and values that it refuses; file_unreadable.
Result<std::vector<std::string>> with_settings(const CommandLine& typed, std::vector<std::string> words);

// All options in force, as a file that gives the same run. What has no value stays as a comment.
// Errors: option_conflict for what TOML cannot hold.
Result<std::string> settings_text(const CommandLine& line);

}  // namespace dsq::cli
