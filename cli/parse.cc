#include "cli/parse.h"

#include <algorithm>
#include <filesystem>
#include <memory>

#include "cli/command_line.h"
#include "cli/config.h"
#include "cli/describe.h"
#include "src/support/strings.h"

namespace dsq::cli {
namespace {

const Command* find_command(std::string_view name) {
  const auto found = std::ranges::find(commands(), name, &Command::name);
  return found == commands().end() ? nullptr : &*found;
}

// A first word that is neither a command nor looks like a file.
bool is_mistyped_command(const std::string& word) {
  return !word.empty() && word.front() != '-' && word.find_first_of("./\\") == std::string::npos &&
         !std::filesystem::exists(word);
}

Error no_command(const std::string& word, std::string_view what) {
  std::vector<std::string> names;
  for (const Command& command : commands()) {
    names.emplace_back(command.name);
  }
  return fail(Code::usage, "'{}' {}; nearest command is '{}'", word, what, nearest(word, names));
}

std::string file_of(const CLI::App& app) {
  for (const CLI::Option* option : app.get_options()) {
    if (!option->nonpositional() && option->get_type_name() == "FILE" && option->count() > 0) {
      return option->results().front();
    }
  }
  return {};
}

Parsed show(std::string text) {
  return Parsed{[text = std::move(text)](Console& console) -> Result<Exit> {
                  console.print(text);
                  return Exit::ok;
                },
                {},
                {}};
}

// Which command the first words mean; they are taken off. `version` and `help` have the spellings that people try.
Result<const Command*> command_of(std::vector<std::string>& words) {
  if (words.front() == "--version" || words.front() == "-V") {
    words.front() = "version";
  }
  if (const Command* command = find_command(words.front())) {
    words.erase(words.begin());
    return command;
  }
  if (is_mistyped_command(words.front())) {
    return no_command(words.front(), "is neither a command nor a file");
  }
  return find_command("quantize");
}

}  // namespace

Result<Parsed> parse_arguments(std::vector<std::string> words) {
  if (words.empty()) {
    return fail(Code::usage, "no model is given")
        .hint("dsquant --weights int8 --act int4 model.onnx, or `dsquant --help`");
  }
  const std::string first = words.front();
  if (first == "--help" || first == "-h" || first == "help") {
    if (first != "help" || words.size() < 2 || words[1].starts_with("-")) {
      return show(overview_text(help_width()));
    }
    if (find_command(words[1]) == nullptr) {
      return no_command(words[1], "is no command");
    }
    words = {words[1], "--help"};
  }
  const Command& command = *DSQ_TRY(command_of(words));
  CommandLine typed(command);  // what is typed, before a file adds to it
  typed.require_nothing();
  DSQ_TRY(typed.take(words));
  if (typed.help) {
    return show(help_text(describe(command), help_width()));
  }
  if (!typed.config.empty()) {
    words = DSQ_TRY(with_settings(typed, std::move(words)));
  }
  const auto line = std::make_shared<CommandLine>(command);
  if (typed.print_config) {
    line->require_nothing();
  }
  DSQ_TRY(line->take(words));
  if (typed.print_config) {
    return show(DSQ_TRY(settings_text(*line)));
  }
  return Parsed{[line](Console& console) { return line->action(console); }, line->output, file_of(line->app)};
}

Colour wanted_colour(const std::vector<std::string>& words) {
  Colour colour = Colour::automatic;
  for (size_t i = 0; i < words.size() && words[i] != "--"; ++i) {
    const bool apart = words[i] == "--color" && i + 1 < words.size();
    if (apart || words[i].starts_with("--color=")) {
      colour = colour_from(apart ? words[i + 1] : words[i].substr(8)).value_or(colour);
    }
  }
  return colour;
}

}  // namespace dsq::cli
