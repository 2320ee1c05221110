#include "cli/config.h"

#include <algorithm>

#include "cli/describe.h"
#include "cli/settings.h"
#include "src/support/file.h"
#include "src/support/strings.h"

namespace dsq::cli {
namespace {

constexpr int64_t kMaxBytes = 1 << 20;

struct Known {
  OptionFacts facts;
  const CLI::Option* option = nullptr;
};

// The options that a file may set.
std::vector<Known> known_options(const CLI::App& app) {
  std::vector<Known> known;
  for (const CLI::Option* option : app.get_options()) {
    OptionFacts facts = describe(*option);
    const std::string key = facts.key();
    if (key != "config" && key != "print-config" && key != "help") {
      known.push_back({std::move(facts), option});
    }
  }
  return known;
}

std::string wanted_kind(const OptionFacts& option) {
  return option.is_switch()    ? "true or false"
         : option.repeats      ? "a list of strings"
         : option.is_number()  ? "a number"
         : option.is_numbers() ? "a number, a list of numbers or a string"
                               : "a string";
}

bool fits(const OptionFacts& option, Setting::Kind kind) {
  using enum Setting::Kind;
  return option.is_switch()    ? kind == boolean
         : option.repeats      ? kind == list || kind == text
         : option.is_number()  ? kind == number
         : option.is_numbers() ? kind == number || kind == numbers || kind == text
                               : kind == text;
}

std::vector<std::string> as_words(const OptionFacts& option, const Setting& setting) {
  if (setting.kind == Setting::Kind::numbers) {
    return {fmt::format("--{}={}", option.key(), fmt::join(setting.values, ","))};
  }
  std::vector<std::string> words;
  for (const std::string& value : setting.values) {
    if (option.positional) {
      words.push_back(value.starts_with('-') ? "./" + value : value);
    } else if (!option.is_switch()) {
      words.push_back("--" + option.key() + "=" + value);
    } else if (value == "true") {
      words.push_back("--" + option.key());
    }
  }
  return words;
}

// The words of one setting, tried on the command alone, so that what is refused has its line.
Result<std::vector<std::string>> words_of(const Command& command, const std::vector<Known>& known,
                                          const Setting& setting) {
  const auto found = std::ranges::find_if(known, [&](const Known& each) { return each.facts.key() == setting.key; });
  if (found == known.end()) {
    std::vector<std::string> keys;
    for (const Known& each : known) {
      keys.push_back(each.facts.key());
    }
    return fail(Code::text_syntax, "dsquant {} has no setting '{}'; nearest is '{}'", command.name, setting.key,
                nearest(setting.key, keys))
        .hint(fmt::format("the keys are the long flags of `dsquant {} --help`, without dashes", command.name));
  }
  if (!fits(found->facts, setting.kind)) {
    return fail(Code::text_syntax, "'{}' takes {}", setting.key, wanted_kind(found->facts))
        .hint(fmt::format("see `dsquant {} --print-config` for the form", command.name));
  }
  std::vector<std::string> words = as_words(found->facts, setting);
  CommandLine trial(command);
  trial.require_nothing();
  Result<void> taken = trial.take(words);
  if (!taken) {
    return Error{Code::text_syntax, taken.error().what, {}, taken.error().next};
  }
  return found->option->count() > 0 ? std::vector<std::string>() : words;
}

Result<std::string> value_text(const OptionFacts& option, const std::string& value) {
  if (option.is_number()) {
    return value;
  }
  std::string text = toml_string(value);
  const Result<std::vector<Setting>> back = parse_settings("key = " + text);
  if (!back || back->size() != 1 || back->front().values.front() != value) {
    return fail(Code::option_conflict, "a file of settings cannot hold '{}'", value).at(option.names.back());
  }
  return text;
}

}  // namespace

Result<std::vector<std::string>> with_settings(const CommandLine& typed, std::vector<std::string> words) {
  const std::string path = typed.config.string();
  const std::shared_ptr<const MappedFile> file = DSQ_TRY(MappedFile::open(typed.config));
  const std::span<const std::byte> bytes = file->bytes();
  if (static_cast<int64_t>(bytes.size()) > kMaxBytes) {
    return fail(Code::text_syntax, "{} bytes are too many for a file of settings", bytes.size())
        .at(path)
        .hint(fmt::format("give a file such as `dsquant {} --print-config` prints", typed.command.name));
  }
  const auto placed = [&](Error error, const std::string& line) {
    error.where = path + ":" + (error.where.empty() ? line : error.where);
    return error;
  };
  const Result<std::vector<Setting>> settings =
      parse_settings({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  if (!settings) {
    return placed(settings.error(), "");
  }
  const std::vector<Known> known = known_options(typed.app);
  std::vector<std::string> flags;
  for (const Known& each : known) {  // in the order of the options, so that positional words keep theirs
    for (const Setting& setting : *settings) {
      if (each.facts.key() == setting.key) {
        Result<std::vector<std::string>> more = words_of(typed.command, known, setting);
        if (!more) {
          return placed(more.error(), std::to_string(setting.line));
        }
        std::vector<std::string>& to = each.facts.positional ? words : flags;
        to.insert(to.end(), more->begin(), more->end());
      }
    }
  }
  for (const Setting& setting : *settings) {  // keys that nobody knows
    const Result<std::vector<std::string>> good = words_of(typed.command, known, setting);
    if (!good) {
      return placed(good.error(), std::to_string(setting.line));
    }
  }
  words.insert(words.begin(), flags.begin(), flags.end());
  return words;
}

Result<std::string> settings_text(const CommandLine& line) {
  std::string text = fmt::format("# Settings of `dsquant {}`, for --config.\n", line.command.name);
  for (const auto& [option, given] : known_options(line.app)) {
    const std::vector<std::string> values = given->count() > 0 ? given->results() : std::vector<std::string>();
    if (option.is_switch()) {
      const bool on = !values.empty() && values.back() != "false";
      text += on ? option.key() + " = true\n" : fmt::format("# {} = true\n", option.key());
    } else if (values.empty() && option.fallback.empty()) {
      text += fmt::format("# {} = {}\n", option.key(), option.is_number() ? option.value : "\"" + option.value + "\"");
    } else if (option.repeats) {
      text += option.key() + " = [";
      for (const std::string& value : values) {
        text += (&value == &values.front() ? "" : ", ") + DSQ_TRY(value_text(option, value));
      }
      text += "]\n";
    } else {
      text += fmt::format("{} = {}\n", option.key(),
                          DSQ_TRY(value_text(option, values.empty() ? option.fallback : values.back())));
    }
  }
  return text;
}

}  // namespace dsq::cli
