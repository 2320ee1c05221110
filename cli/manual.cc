#include "cli/manual.h"

#include "cli/table.h"

namespace dsq::cli {
namespace {

constexpr std::string_view kDate = "2026-11-25";  // of the last change to the words in this file

// Plain text as roff: no escapes, hyphens that can be copied, no line that begins like a request.
std::string roff(std::string_view text) {
  std::string out;
  bool fresh = true;
  for (const char c : text) {
    if (fresh && (c == '.' || c == '\'')) {
      out += "\\&";
    }
    out += c == '\\' ? "\\e" : c == '-' ? "\\-" : c == '\'' ? "\\(aq" : c == '`' ? "\\(ga" : std::string(1, c);
    fresh = c == '\n';
  }
  return out;
}

// In lines that are short in the source too.
std::string paragraph(std::string_view text) {
  std::string lines = roff(wrapped(text, 72));
  lines.pop_back();
  return lines;
}

std::string bold(std::string_view text) { return "\\fB" + roff(text) + "\\fR"; }
std::string slanted(std::string_view text) { return "\\fI" + roff(text) + "\\fR"; }

std::string option_text(const OptionFacts& option) {
  std::string head;
  for (const std::string& name : option.names) {
    head += (head.empty() ? "" : ", ") + bold(name);
  }
  if (option.positional) {
    head = slanted(option.names.front());
  } else if (!option.is_switch()) {
    head += " " + (option.choices.empty() ? slanted(option.value) : roff(option.value));
  }
  const std::string choices = option.positional && !option.choices.empty() ? ": " + option.value : "";
  return fmt::format(".TP\n{}\n{}\n", head, paragraph(option.text + choices + "."));
}

std::string literal(std::string_view text) {
  std::string body = roff(text);
  body.resize(body.find_last_not_of('\n') + 1);
  return fmt::format(".PP\n.nf\n{}\n.fi\n", body);
}

std::string command_text(const CommandFacts& command) {
  std::string text =
      fmt::format(".SS \"dsquant {}\"\n{}.\n.PP\n{} [\\fIOPTIONS\\fR]", command.name, roff(command.summary),
                  bold("dsquant " + (command.name == "quantize" ? "[quantize]" : command.name)));
  for (const OptionFacts& positional : command.positionals) {
    text += " " + slanted(positional.names.front());
  }
  text += "\n";
  for (const OptionFacts& positional : command.positionals) {
    text += option_text(positional);
  }
  for (const OptionFacts& option : command.options) {
    text += option_text(option);
  }
  return text + ".PP\nExamples:\n" + literal(command.examples);
}

std::string rows(std::initializer_list<std::pair<std::string_view, std::string_view>> entries) {
  std::string text;
  for (const auto& [head, body] : entries) {
    text += fmt::format(".TP\n{}\n{}\n", bold(head), paragraph(body));
  }
  return text;
}

}  // namespace

std::string manual(const std::vector<CommandFacts>& commands, std::string_view version) {
  std::string text = fmt::format(
      ".\\\" Printed by `dsquant man`.\n.TH DSQUANT 1 {} \"dsquant {}\" \"User Commands\"\n.SH NAME\n"
      "dsquant \\- quantizes neural networks: 8\\-bit weights, 4\\-bit activations\n.SH SYNOPSIS\n"
      "{} [\\fIOPTIONS\\fR] \\fIMODEL\\fR\n.br\n{} \\fICOMMAND\\fR ...\n.SH DESCRIPTION\n",
      kDate, version, bold("dsquant [quantize]"), bold("dsquant"));
  text +=
      paragraph(
          "Reads ONNX networks, makes them compact, writes .dsq files with a report, and runs .onnx and .dsq files.") +
      "\n.SH COMMANDS\n";
  for (const CommandFacts& command : commands) {
    text += command_text(command);
  }
  text += ".SH \"EXIT STATUS\"\n" + rows({{"0", "Done, every gate met."},
                                          {"1", "A quality gate failed; the files are written."},
                                          {"2", "Wrong usage."},
                                          {"3", "An input (model, data, settings) was refused."},
                                          {"4", "Internal error."},
                                          {"130", "Interrupted."}});
  text += ".SH ENVIRONMENT\n" + rows({{"NO_COLOR", "Set to anything: no colour, unless --color always is given."},
                                      {"TERM", "dumb: no colour and no bars."},
                                      {"GOMP_SPINCOUNT, OMP_WAIT_POLICY",
                                       "How long threads spin before they sleep. Where neither is set, dsquant sets "
                                       "GOMP_SPINCOUNT=3000 for itself."}});
  text += ".SH ERRORS\n" +
          paragraph("`dsquant explain E105` says what a code means, with an example, and what to do.") + "\n";
  for (const CodeInfo& info : all_codes()) {
    text += fmt::format(".TP\n{}\n{}\n", bold(code_name(info.code)),
                        paragraph(fmt::format("{}: {}", info.title, info.meaning)));
  }
  return text;
}

}  // namespace dsq::cli
