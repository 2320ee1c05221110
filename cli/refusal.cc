#include "cli/refusal.h"

#include <algorithm>
#include <array>

#include "cli/describe.h"
#include "src/support/strings.h"

namespace dsq::cli {
namespace {

std::string see_help(const Command& command) { return fmt::format("see `dsquant {} --help`", command.name); }

Error usage(std::string what, const Command& command) {
  return Error{Code::usage, std::move(what), {}, see_help(command)};
}

// What one could type, by what an option takes.
std::string sample_value(const OptionFacts& option) {
  struct Sample {
    std::string_view value;
    std::string_view sample;
  };
  constexpr auto kSamples = std::to_array<Sample>({{"A,B", "fold_batchnorm,fuse_bias"},
                                                   {"CODE", "E105"},
                                                   {"DB", "40"},
                                                   {"N", "4"},
                                                   {"NAME=1,3,224,224", "x=1,3,224,224"},
                                                   {"PASS", "fuse_bias"},
                                                   {"PATTERN=fp16", "'head*=fp16'"},
                                                   {"POINTS", "1"},
                                                   {"SECONDS", "10"},
                                                   {"SHARE", "0.01"},
                                                   {"SIZE", "2G"}});
  const auto found = std::ranges::find(kSamples, option.value, &Sample::value);
  return found != kSamples.end()  ? std::string(found->sample)
         : option.choices.empty() ? lower(option.value)
                                  : option.choices.front();
}

// The first example of the command that holds `word`, or a made-up one.
std::string example_of(const OptionFacts& option, const Command& command) {
  const std::string& flag = option.names.back();
  for (const std::string& line : split(command.examples, '\n')) {
    const size_t start = line.find_first_not_of(' ');
    if (start != std::string::npos && (option.positional || (line + " ").find(flag + " ") != std::string::npos)) {
      return line.substr(start, line.find("  ", start) - start);  // without what is said beside it
    }
  }
  return flag + " " + sample_value(option);
}

std::string hint_of(const OptionFacts& option, const Command& command) {
  return fmt::format("for example `{}`; {}", example_of(option, command), see_help(command));
}

Error missing_value(const OptionFacts& option, const Command& command) {
  return usage(fmt::format("{}: a value is missing; it takes {}", option.names.back(), option.value), command)
      .hint(hint_of(option, command));
}

Error missing_option(const CLI::App& app, const Command& command) {
  for (const CLI::Option* option : app.get_options()) {
    if (!option->get_required() || option->count() > 0) {
      continue;
    }
    const OptionFacts facts = describe(*option);
    const std::string what = facts.choices.empty() ? facts.text : facts.text + ": " + facts.value;
    return usage(fmt::format("{} is missing: {}", facts.names.back(), what), command).hint(hint_of(facts, command));
  }
  return usage("something is missing", command);
}

// The option that CLI11's sentence begins with.
const CLI::Option* named_in(std::string_view sentence, const CLI::App& app) {
  const CLI::Option* named = nullptr;
  for (const CLI::Option* option : app.get_options()) {
    const std::string name = option->get_name();
    const bool begins = sentence.starts_with(name + ":") || sentence.starts_with(name + " ");
    if (begins && (named == nullptr || named->get_name().size() < name.size())) {
      named = option;
    }
  }
  return named;
}

const CLI::Option* option_called(std::string_view flag, const CLI::App& app) {
  for (const CLI::Option* option : app.get_options()) {
    const std::vector<std::string> names = describe(*option).names;
    if (option->nonpositional() && std::ranges::find(names, flag) != names.end()) {
      return option;
    }
  }
  return nullptr;
}

}  // namespace

Error refusal(const CLI::ParseError& error, const CLI::App& app, const Command& command) {
  const std::string sentence = error.what();
  if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) {
    return missing_option(app, command);
  }
  if (dynamic_cast<const CLI::ExcludesError*>(&error) != nullptr) {
    const size_t at = sentence.find(" excludes ");
    return fail(Code::option_conflict, "{} and {} cannot be used together", sentence.substr(0, at),
                at == std::string::npos ? "" : sentence.substr(at + 10))
        .hint("drop one of them");
  }
  const CLI::Option* named = named_in(sentence, app);
  if (named == nullptr || dynamic_cast<const CLI::ArgumentMismatch*>(&error) == nullptr) {
    return usage(sentence, command);  // the words of our own checks
  }
  const OptionFacts option = describe(*named);
  const size_t given = named->results().size();
  return given < 2 ? missing_value(option, command)
                   : usage(fmt::format("{}: given {} times; it takes one value", option.names.back(), given), command)
                         .hint("drop all but one of them");
}

Error left_over(const std::vector<std::string>& words, const CLI::App& app, const Command& command) {
  std::vector<std::string> flags;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      flags.push_back("--" + name);
    }
  }
  const auto end = std::ranges::find(words, "--");  // behind it nothing is a flag
  for (auto word = words.begin(); word != end; ++word) {
    if (word->size() < 2 || word->front() != '-') {
      continue;
    }
    const std::string flag = word->substr(0, word->find('='));
    if (flag == "--json") {
      return usage(fmt::format("dsquant {} prints text alone: it has no --json", command.name), command)
          .hint("leave --json out");
    }
    return usage(fmt::format("unknown option '{}'; nearest is '{}'", flag, nearest(flag, flags)), command);
  }
  const auto word = std::ranges::find_if(words, [](const std::string& each) { return each != "--"; });
  return word == words.end() ? missing_option(app, command)
                             : usage(fmt::format("unexpected argument '{}'", *word), command);
}

Result<void> check_values(const std::vector<std::string>& words, const CLI::App& app, const Command& command) {
  for (size_t i = 0; i < words.size() && words[i] != "--"; ++i) {
    const std::string& word = words[i];
    // CLI11 would take the next word for its value.
    if (word.starts_with("--") && word.size() > 3 && word.find('=') == word.size() - 1) {
      return usage(word.substr(0, word.size() - 1) + ": the value is empty", command);
    }
    const size_t equals = word.find('=');
    const CLI::Option* option = option_called(word.substr(0, equals), app);
    if (option != nullptr && equals != std::string::npos) {
      const std::string value = word.substr(equals + 1);
      if (describe(*option).is_switch() && value != "true" && value != "false") {
        return usage(fmt::format("{}: '{}' is neither true nor false", word.substr(0, equals), value), command)
            .hint("leave the value out: the flag alone means true");
      }
      continue;
    }
    if (option == nullptr || describe(*option).is_switch()) {
      continue;
    }
    if (i + 1 < words.size() && option_called(words[i + 1], app) != nullptr) {
      return missing_value(describe(*option), command);
    }
    ++i;  // its value
  }
  return {};
}

}  // namespace dsq::cli
