#include "cli/explain.h"

#include <cctype>

#include "cli/table.h"
#include "src/support/examples.h"
#include "src/support/strings.h"

namespace dsq::cli {
namespace {

constexpr std::string_view kNoExample = "No command line leads here: it takes a fault in dsquant itself.";

// "$ dsquant ..." and what it answers.
std::string session(const CodeExample& example, std::string_view indent) {
  std::string text = fmt::format("{}$ {}\n", indent, example.command);
  for (const std::string& line : split(example.prints, '\n')) {
    text += fmt::format("{}{}\n", indent, line);
  }
  return text;
}

std::string sentence(std::string_view advice) {
  std::string text(advice);
  text.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(text.front())));
  return text + ".";
}

std::string ends_with_status(Exit exit) {
  return exit == Exit::ok ? "It does not change the exit status."
                          : fmt::format("The exit status is {}.", static_cast<int>(exit));
}

std::string_view group_of(int code) {
  switch (code / 100) {
    case 1: return "Reading a model";
    case 2: return "The graph";
    case 3: return "Passes";
    case 4: return "Data and calibration";
    case 6: return "File formats";
    case 7: return "Running";
    case 8: return "The command line";
    default: return "Faults of dsquant";
  }
}

}  // namespace

std::string explanation_text(const CodeInfo& info, int width) {
  const CodeExample example = example_of(info.code);
  std::string text = fmt::format("{}: {}\n\n", code_name(info.code), info.title);
  text += wrapped(fmt::format("{} {}", info.meaning, ends_with_status(info.exit)), width);
  text += "\nexample:\n" + (example.command.empty() ? wrapped(kNoExample, width, 2) : session(example, "  "));
  return text + "\nwhat to do:\n" + wrapped(sentence(info.next), width, 2);
}

Json explanation_json(const CodeInfo& info) {
  const CodeExample example = example_of(info.code);
  Json json = {{"code", code_name(info.code)},
               {"exit", static_cast<int>(info.exit)},
               {"title", info.title},
               {"meaning", info.meaning},
               {"next", info.next}};
  json["example"] = example.command.empty() ? Json() : Json({{"command", example.command}, {"prints", example.prints}});
  return json;
}

std::string errors_page() {
  std::string text =
      "# Error codes\n\n"
      "`dsquant explain E105` prints an entry of this page. The page is generated from the table in `codes.cc`:\n"
      "`dsquant list codes --markdown > src/support/ERRORS.md`. Tests run the examples and compare what they print.\n";
  std::string_view group;
  for (const CodeInfo& info : all_codes()) {
    if (const std::string_view here = group_of(static_cast<int>(info.code)); here != group) {
      group = here;
      text += fmt::format("\n## {}\n", group);
    }
    text += fmt::format("\n### {}: {}\n\n{} {}\n\n", code_name(info.code), info.title, info.meaning,
                        ends_with_status(info.exit));
    const CodeExample example = example_of(info.code);
    text += example.command.empty() ? std::string(kNoExample) + "\n" : session(example, "    ");
    text += fmt::format("\nWhat to do: {}.\n", info.next);
  }
  return text;
}

}  // namespace dsq::cli
