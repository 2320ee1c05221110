#include "cli/completion.h"
#include "passes/passes.h"

namespace dsq::cli {
namespace {

// What follows a flag, or stands where a positional argument may.
std::string reply(const OptionFacts& option) {
  const std::vector<std::string> words = known_words(option);
  return option.is_file()     ? "_dsquant_files -f"
         : option.is_folder() ? "_dsquant_files -d"
         : words.empty()      ? "COMPREPLY=()"
                              : fmt::format("_dsquant_words '{}'", fmt::join(words, " "));
}

std::string flags_of(const CommandFacts& command) {
  std::string flags;
  for (const OptionFacts& option : command.options) {
    for (const std::string& name : option.names) {
      flags += (flags.empty() ? "" : " ") + name;
    }
  }
  return flags;
}

}  // namespace

std::vector<std::string> known_words(const OptionFacts& option) {
  std::vector<std::string> words = option.choices;
  if (option.value == "CODE") {
    for (const CodeInfo& info : all_codes()) {
      words.push_back(code_name(info.code));
    }
  } else if (option.value == "PASS") {
    for (const PassDef& pass : all_passes()) {
      words.emplace_back(pass.name);
    }
  }
  return words;
}

std::string bash_completion(const std::vector<CommandFacts>& commands) {
  std::string names;
  std::string values;       // case COMMAND:FLAG
  std::string flags;        // case COMMAND, for words that begin with a dash
  std::string positionals;  // case COMMAND, for others
  for (const CommandFacts& command : commands) {
    names += (names.empty() ? "" : " ") + command.name;
    for (const OptionFacts& option : command.options) {
      std::string labels;
      for (const std::string& name : option.names) {
        labels += (labels.empty() ? "" : "|") + command.name + ":" + name;
      }
      values += option.is_switch() ? "" : fmt::format("    {}) {}; return ;;\n", labels, reply(option));
    }
    flags += fmt::format("      {}) _dsquant_words '{}' ;;\n", command.name, flags_of(command));
    if (!command.positionals.empty()) {
      const std::string first = reply(command.positionals.front());
      const std::string last = reply(command.positionals.back());
      positionals +=
          fmt::format("    {}) {} ;;\n", command.name,
                      first == last ? first : fmt::format("if ((COMP_CWORD == 2)); then {}; else {}; fi", first, last));
    }
  }
  return fmt::format(
      R"(# bash completion for dsquant, printed by `dsquant completion bash`.
_dsquant_words() {{ mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur"); }}
_dsquant_files() {{
  mapfile -t COMPREPLY < <(compgen "$1" -- "$cur")
  compopt -o filenames 2>/dev/null
}}
_dsquant() {{
  local cur=${{COMP_WORDS[COMP_CWORD]}} prev= command=quantize name
  COMPREPLY=()
  [[ $COMP_CWORD -gt 0 ]] && prev=${{COMP_WORDS[COMP_CWORD - 1]}}
  # bash takes --flag=value apart at the equals sign.
  if [[ $cur == = ]]; then
    cur=
  elif [[ $prev == = && $COMP_CWORD -gt 1 ]]; then
    prev=${{COMP_WORDS[COMP_CWORD - 2]}}
  fi
  for name in {0}; do
    [[ $COMP_CWORD -gt 1 && ${{COMP_WORDS[1]}} == "$name" ]] && command=$name
  done
  case $command:$prev in
{1}  esac
  if [[ $cur == -* ]]; then
    case $command in
{2}    esac
    return
  fi
  case $command in
{3}  esac
  if [[ $COMP_CWORD -eq 1 ]]; then
    mapfile -t -O "${{#COMPREPLY[@]}}" COMPREPLY < <(compgen -W '{0}' -- "$cur")
  fi
}}
complete -F _dsquant dsquant
)",
      names, values, flags, positionals);
}

}  // namespace dsq::cli
