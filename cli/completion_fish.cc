#include <algorithm>

#include "cli/completion.h"

namespace dsq::cli {
namespace {

std::string in_quotes(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    out += c == '\'' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  }
  return out + "'";
}

std::string line_of(const std::string& command, const OptionFacts& option) {
  std::string line = fmt::format("complete -c dsquant -n '__dsquant_is {}'", command);
  for (const std::string& name : option.names) {
    line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  }
  const std::vector<std::string> words = known_words(option);
  line += option.is_switch()   ? ""
          : option.is_file()   ? " -r -F"
          : option.is_folder() ? " -x -a '(__fish_complete_directories)'"
                               : " -x";
  line += words.empty() ? "" : fmt::format(" -a {}", in_quotes(fmt::format("{}", fmt::join(words, " "))));
  return line + fmt::format(" -d {}\n", in_quotes(option.text));
}

}  // namespace

std::string fish_completion(const std::vector<CommandFacts>& commands) {
  std::string names;
  std::string lines;
  for (const CommandFacts& command : commands) {
    names += " " + command.name;
    lines +=
        fmt::format("complete -c dsquant -n __dsquant_first -a {} -d {}\n", command.name, in_quotes(command.summary));
    for (const OptionFacts& option : command.options) {
      lines += line_of(command.name, option);
    }
    const bool files = std::ranges::any_of(command.positionals, &OptionFacts::is_file);
    for (const OptionFacts& positional : command.positionals) {
      const std::vector<std::string> words = known_words(positional);
      if (!words.empty()) {
        // Words come before files, where there are both.
        lines += fmt::format("complete -c dsquant -n '__dsquant_is {}{}' -f -a {}\n", command.name,
                             files ? "; and test (count (commandline -opc)) -eq 2" : "",
                             in_quotes(fmt::format("{}", fmt::join(words, " "))));
      }
    }
    lines += files ? "" : fmt::format("complete -c dsquant -n '__dsquant_is {}' -f\n", command.name);
  }
  return fmt::format(R"(# fish completion for dsquant, printed by `dsquant completion fish`.
function __dsquant_first
  test (count (commandline -opc)) -eq 1
end
function __dsquant_is
  set -l words (commandline -opc)
  set -l command quantize
  if test (count $words) -gt 1; and contains -- $words[2]{}
    set command $words[2]
  end
  test $command = $argv[1]
end
{})",
                     names, lines);
}

}  // namespace dsq::cli
