// What the tables of options say, in plain words: help, man page, completion and settings are all made from this.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/command.h"

namespace dsq::cli {

struct OptionFacts {
  std::vector<std::string> names;    // "-o", "--output"; of a positional one its name, "MODEL"
  std::string value;                 // what it takes: "FILE", "N", "int8|int4"; empty for a switch
  std::vector<std::string> choices;  // where it takes one of a few words
  std::string text;                  // one sentence
  std::string fallback;              // its value when it is not given, where there is such a value
  bool positional = false;
  bool required = false;
  bool repeats = false;

  bool is_switch() const { return value.empty(); }
  bool is_file() const { return value == "FILE"; }
  bool is_folder() const { return value == "FOLDER"; }
  bool is_number() const;
  bool is_numbers() const;  // one or more, in a file of settings also as a number or a list
  std::string key() const;  // in a file of settings: "output", "model"
};

struct CommandFacts {
  std::string name;
  std::string summary;
  std::string examples;
  std::vector<OptionFacts> positionals;
  std::vector<OptionFacts> options;
};

OptionFacts describe(const CLI::Option& option);
CommandFacts describe(const Command& command);
std::vector<CommandFacts> describe_commands();

std::string help_text(const CommandFacts& command, int width);
std::string overview_text(int width);

}  // namespace dsq::cli
