#include "cli/command_line.h"

#include <algorithm>

#include "cli/options.h"
#include "cli/refusal.h"

namespace dsq::cli {

CommandLine::CommandLine(const Command& which)
    : command(which), app(std::string(which.summary), fmt::format("dsquant {}", which.name)) {
  app.set_help_flag();
  action = command.define(app);
  if (command.configurable) {
    add_path(app, "--config", config, "Take settings from this file (TOML, keys as the long flags); flags win");
    app.add_flag("--print-config", print_config,
                 "Print the settings in force, --json among them, as such a file, and do nothing else");
  }
  app.add_flag("-q,--quiet", output.quiet, "Say nothing but errors and what is asked for");
  app.add_flag("-v,--verbose", output.verbose, "Say every note, and what each pass did");
  const auto colour = [this](const std::string& when) { output.colour = *colour_from(when); };
  add_choice_function(app, "--color", colour, {"auto", "always", "never"}, "When to colour messages (default: auto)");
  app.add_flag("-h,--help", help, "Show this help");
}

void CommandLine::require_nothing() {
  for (CLI::Option* option : app.get_options({})) {
    option->required(false);
  }
}

Result<void> CommandLine::take(std::vector<std::string> words) {
  if (std::ranges::any_of(words, [](const std::string& word) { return word == "-h" || word == "--help"; })) {
    help = true;
    return {};
  }
  DSQ_TRY(check_values(words, app, command));
  std::ranges::reverse(words);  // as CLI11 wants them
  try {
    app.parse(words);
  } catch (const CLI::ExtrasError&) {
    return left_over(app.remaining(), app, command);
  } catch (const CLI::ParseError& error) {
    // A flag that is unknown often leaves its value behind, which then is missing elsewhere: name the flag first.
    const std::vector<std::string> rest = app.remaining();
    if (std::ranges::any_of(rest, [](const std::string& word) { return word.starts_with("-"); })) {
      return left_over(rest, app, command);
    }
    return refusal(error, app, command);
  }
  if (output.quiet && output.verbose) {
    return fail(Code::option_conflict, "--quiet and --verbose contradict each other").hint("drop one of them");
  }
  return {};
}

}  // namespace dsq::cli
