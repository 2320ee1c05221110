#include "cli/completion.h"

namespace dsq::cli {
namespace {

// Within single quotes, with `special` characters behind a backslash.
std::string escaped(std::string_view text, std::string_view special) {
  std::string out;
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
      continue;
    }
    out.append(special.find(c) == std::string_view::npos ? 0 : 1, '\\');
    out += c;
  }
  return out;
}

// `:message:action` of _arguments.
std::string action_of(const OptionFacts& option) {
  const std::vector<std::string> words = known_words(option);
  const std::string message = option.positional        ? option.names.front()
                              : option.choices.empty() ? option.value
                                                       : "value";
  return fmt::format(":{}:{}", escaped(message, ":[]\\"),
                     option.is_file()     ? "_files"
                     : option.is_folder() ? "_files -/"
                     : words.empty()      ? " "
                                          : fmt::format("({})", fmt::join(words, " ")));
}

std::string spec_of(const OptionFacts& option) {
  const std::string text = fmt::format("[{}]", escaped(option.text, ":[]\\"));
  std::string specs;
  for (const std::string& name : option.names) {
    const std::string others = option.repeats            ? "*"
                               : option.names.size() > 1 ? fmt::format("({})", fmt::join(option.names, " "))
                                                         : "";
    const std::string tail = option.is_switch() ? "" : name.starts_with("--") ? "=" : "+";
    specs += fmt::format("    '{}{}{}{}{}'\n", others, name, tail, text, option.is_switch() ? "" : action_of(option));
  }
  return specs;
}

}  // namespace

std::string zsh_completion(const std::vector<CommandFacts>& commands) {
  std::string names;
  std::string cases;
  for (const CommandFacts& command : commands) {
    names += fmt::format("    '{}:{}'\n", command.name, escaped(command.summary, ":\\"));
    std::string specs;
    for (const OptionFacts& option : command.options) {
      specs += spec_of(option);
    }
    for (const OptionFacts& positional : command.positionals) {
      specs += fmt::format("    '{}'\n", action_of(positional));
    }
    cases += fmt::format("  ({})\n    specs=(\n{}    )\n    ;;\n", command.name, specs);
  }
  return fmt::format(R"(#compdef dsquant
# zsh completion for dsquant, printed by `dsquant completion zsh`: a file _dsquant in a folder of $fpath.
_dsquant() {{
  local -a names specs
  local command=quantize
  names=(
{0}  )
  if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then
    _describe -t commands command names
    _files
    return
  fi
  if [[ -n ${{(M)names:#$words[2]:*}} ]]; then
    command=$words[2]
    shift words
    (( CURRENT-- ))
  fi
  case $command in
{1}  esac
  _arguments -S : $specs
}}
if [[ $funcstack[1] == _dsquant ]]; then
  _dsquant "$@"
elif (( $+functions[compdef] )); then
  compdef _dsquant dsquant
fi
)",
                     names, cases);
}

}  // namespace dsq::cli
