#include "cli/describe.h"

#include <algorithm>
#include <array>

#include "cli/command_line.h"
#include "cli/table.h"
#include "src/support/strings.h"

namespace dsq::cli {
namespace {

constexpr auto kNumbers =
    std::to_array<std::string_view>({"COSINE", "DB", "N", "PERCENT", "POINTS", "SECONDS", "SHARE"});

// Numbers that flags take as text, with commas between them.
constexpr auto kQuantities = std::to_array<std::string_view>({"A,B,C", "FACTOR", "H,W", "LEVEL", "PIXELS"});

// "16" of "Samples in a step (default: 16)", where it is a value that one could give.
std::string stated_default(const OptionFacts& option) {
  constexpr std::string_view kOpening = "(default: ";
  const size_t at = option.text.find(kOpening);
  if (at == std::string::npos) {
    return {};
  }
  std::string value = option.text.substr(at + kOpening.size());
  value.resize(std::min(value.find(')'), value.size()));
  const bool number = option.is_number() && value.find_first_not_of("0123456789.") == std::string::npos;
  const bool choice = std::ranges::find(option.choices, value) != option.choices.end();
  return number || choice ? value : std::string();
}

std::string row(const std::string& head, const std::string& text, int width) {
  constexpr size_t kColumn = 30;
  std::string out = "  " + head;
  if (out.size() + 2 > kColumn) {
    out += "\n";
  } else {
    out.resize(kColumn, ' ');
  }
  const std::string body = wrapped(text, width, static_cast<int>(kColumn));
  return out + (out.back() == '\n' ? body : body.substr(kColumn));
}

std::string head_of(const OptionFacts& option) {
  return fmt::format("{}{}{}", fmt::join(option.names, ", "), option.is_switch() || option.positional ? "" : " ",
                     option.positional ? "" : option.value);
}

}  // namespace

bool OptionFacts::is_numbers() const { return std::ranges::find(kQuantities, value) != kQuantities.end(); }

bool OptionFacts::is_number() const { return std::ranges::find(kNumbers, value) != kNumbers.end(); }

std::string OptionFacts::key() const {
  return positional ? lower(names.front()) : names.back().substr(names.back().find_first_not_of('-'));
}

OptionFacts describe(const CLI::Option& option) {
  OptionFacts facts;
  facts.positional = !option.nonpositional();
  if (facts.positional) {
    facts.names.push_back(option.get_name());
  }
  for (const std::string& name : option.get_snames()) {
    facts.names.push_back("-" + name);
  }
  for (const std::string& name : option.get_lnames()) {
    facts.names.push_back("--" + name);
  }
  facts.value = option.get_type_size() == 0 ? "" : option.get_type_name();
  if (!facts.value.empty() && (facts.value.find('|') != std::string::npos || facts.value == lower(facts.value))) {
    facts.choices = split(facts.value, '|');  // what stands for a kind of value is in capitals
  }
  facts.text = option.get_description();
  facts.required = option.get_required();
  facts.repeats = option.get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll;
  facts.fallback = stated_default(facts);
  return facts;
}

CommandFacts describe(const Command& command) {
  const CommandLine line(command);
  CommandFacts facts{std::string(command.name), std::string(command.summary), std::string(command.examples), {}, {}};
  for (const CLI::Option* option : line.app.get_options()) {
    OptionFacts each = describe(*option);
    (each.positional ? facts.positionals : facts.options).push_back(std::move(each));
  }
  return facts;
}

std::vector<CommandFacts> describe_commands() {
  std::vector<CommandFacts> all;
  for (const Command& command : commands()) {
    all.push_back(describe(command));
  }
  return all;
}

std::string help_text(const CommandFacts& command, int width) {
  std::string text = wrapped(command.summary, width);
  text += fmt::format("\nusage: dsquant {} [OPTIONS]", command.name == "quantize" ? "[quantize]" : command.name);
  for (const OptionFacts& each : command.positionals) {
    text += " " + each.names.front();
  }
  text += command.positionals.empty() ? "\n" : "\n\n";
  for (const OptionFacts& each : command.positionals) {
    text += row(each.names.front(), each.text + (each.choices.empty() ? "" : ": " + each.value), width);
  }
  text += "\noptions:\n";
  for (const OptionFacts& each : command.options) {
    text += row(head_of(each), each.text, width);
  }
  return text + "\nexamples:\n" + command.examples;
}

std::string overview_text(int width) {
  std::string text =
      "dsquant - quantizes neural networks: 8-bit weights, 4-bit activations\n\n"
      "usage: dsquant [quantize] MODEL.onnx [--weights int8] [--act int4] ...\n"
      "       dsquant COMMAND ...\n\ncommands:\n";
  for (const Command& command : commands()) {
    text += fmt::format("  {:<11} ", command.name) + wrapped(command.summary, width, 14).substr(14);
  }
  text +=
      "\nexamples:\n"
      "  dsquant --weights int8 --act int4 model.onnx\n"
      "  dsquant --weights int8 --act int4 model.onnx --data calib.npz\n"
      "  dsquant run model.dsq --inputs x.npz --outputs y.npz\n\n";
  return text + wrapped(
                    "`dsquant COMMAND --help` shows the options of a command, `dsquant man` all of them. Exit status: "
                    "0 done, 1 a quality gate failed, 2 wrong usage, 3 an input was refused, 4 internal error, "
                    "130 interrupted.",
                    width);
}

}  // namespace dsq::cli
