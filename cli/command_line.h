// A command with the options that it has of its own and those that every command has, ready to take words.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/command.h"

namespace dsq::cli {

struct CommandLine {
  explicit CommandLine(const Command& which);
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  // Takes the words in their order. Errors: usage, with the nearest name.
  Result<void> take(std::vector<std::string> words);
  // Whatever is missing then is no error: a file may still bring it.
  void require_nothing();

  const Command& command;
  CLI::App app;
  Action action;
  Output output;
  std::filesystem::path config;
  bool print_config = false;
  bool help = false;
};

}  // namespace dsq::cli
