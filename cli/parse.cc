#include "cli/parse.h"

#include <algorithm>
#include <filesystem>

#include "src/support/strings.h"

namespace dsq::cli {
namespace {

std::string overview() {
  std::string text =
      "dsquant - quantizes neural networks: 8-bit weights, 4-bit activations\n\n"
      "usage: dsquant [quantize] MODEL.onnx [--weights int8] [--act int4] [--data x.npz] [-o OUT.dsq]\n"
      "       dsquant COMMAND ...\n\ncommands:\n";
  for (const Command& command : commands()) {
    text += fmt::format("  {:<10} {}\n", command.name, command.summary);
  }
  return text +
         "\nexamples:\n"
         "  dsquant --weights int8 --act int4 model.onnx\n"
         "  dsquant --weights int8 --act int4 model.onnx --data calib.npz --labels calib_labels.npy\n"
         "  dsquant run model.dsq --inputs x.npz --outputs y.npz\n\n"
         "`dsquant COMMAND --help` shows the options of a command. Exit status: 0 done, 1 a quality gate failed,\n"
         "2 wrong usage, 3 an input was refused, 4 internal error, 130 interrupted.\n";
}

const Command* find_command(std::string_view name) {
  const auto found = std::ranges::find(commands(), name, &Command::name);
  return found == commands().end() ? nullptr : &*found;
}

Error usage(std::string what, const Command* command) {
  const std::string help = command == nullptr ? "dsquant --help" : fmt::format("dsquant {} --help", command->name);
  return Error{Code::usage, std::move(what), {}, "see `" + help + "`"};
}

// A first word that is neither a command nor looks like a file.
bool is_mistyped_command(const std::string& word) {
  return !word.empty() && word.front() != '-' && word.find_first_of("./\\") == std::string::npos &&
         !std::filesystem::exists(word);
}

Error unknown_command(const std::string& word) {
  std::vector<std::string> names;
  for (const Command& command : commands()) {
    names.emplace_back(command.name);
  }
  return usage(fmt::format("'{}' is neither a command nor a file; nearest command is '{}'", word, nearest(word, names)),
               nullptr);
}

// What was left over: flags get the nearest flag, words are simply too many.
Error left_over(const std::vector<std::string>& words, const CLI::App& app, const Command& command) {
  for (const std::string& word : words) {
    if (word.size() < 2 || word.front() != '-') {
      continue;
    }
    const std::string flag = word.substr(0, word.find('='));
    std::vector<std::string> flags;
    for (const CLI::Option* option : app.get_options()) {
      for (const std::string& name : option->get_lnames()) {
        flags.push_back("--" + name);
      }
    }
    return usage(fmt::format("unknown option '{}'; nearest is '{}'", flag, nearest(flag, flags)), &command);
  }
  return usage(fmt::format("unexpected argument '{}'", words.empty() ? "" : words.front()), &command);
}

}  // namespace

Result<Parsed> parse_arguments(std::vector<std::string> arguments) {
  if (arguments.empty()) {
    return usage("no model is given", nullptr)
        .hint("dsquant --weights int8 --act int4 model.onnx, or `dsquant --help`");
  }
  const std::string first = arguments.front();
  if (first == "--help" || first == "-h" || first == "help") {
    if (first == "help" && arguments.size() > 1 && find_command(arguments[1]) != nullptr) {
      arguments = {arguments[1], "--help"};
    } else {
      return Parsed{{}, overview()};
    }
  }
  if (first == "--version" || first == "-V") {
    arguments.front() = "version";
  }
  const Command* command = find_command(arguments.front());
  if (command != nullptr) {
    arguments.erase(arguments.begin());
  } else if (is_mistyped_command(arguments.front())) {
    return unknown_command(arguments.front());
  } else {
    command = find_command("quantize");
  }
  for (const std::string& word : arguments) {
    // CLI11 would take the next word for its value.
    if (word.starts_with("--") && word.size() > 3 && word.find('=') == word.size() - 1) {
      return usage(word.substr(0, word.size() - 1) + ": the value is empty", command);
    }
  }
  CLI::App app(std::string(command->summary), fmt::format("dsquant {}", command->name));
  app.get_formatter()->column_width(34);
  app.footer("examples:\n" + std::string(command->examples));
  Action action = command->define(app);
  std::ranges::reverse(arguments);  // as CLI11 wants them
  try {
    app.parse(arguments);
  } catch (const CLI::CallForHelp&) {
    return Parsed{{}, app.help()};
  } catch (const CLI::ExtrasError&) {
    return left_over(app.remaining(), app, *command);
  } catch (const CLI::ParseError& error) {
    // A flag that is unknown often leaves its value behind, which then is missing elsewhere: name the flag first.
    const std::vector<std::string> words = app.remaining();
    if (std::ranges::any_of(words, [](const std::string& word) { return word.starts_with("-"); })) {
      return left_over(words, app, *command);
    }
    return usage(error.what(), command);
  }
  return Parsed{std::move(action), {}};
}

}  // namespace dsq::cli
