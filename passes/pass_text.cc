#include "passes/pass_text.h"

#include "src/support/strings.h"

namespace dsq {
namespace {

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r");
  return first == std::string_view::npos ? std::string_view()
                                         : text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

// The passes between commas.
Result<std::vector<std::string_view>> names_in(std::string_view text, std::span<const PassDef> table) {
  std::vector<std::string_view> names;
  for (const std::string& part : split(text, ',')) {
    names.push_back(DSQ_TRY(find_pass(trimmed(part), table))->name);
  }
  return names;
}

}  // namespace

Result<PassText> PassText::parse(std::string_view text, std::span<const PassDef> table) {
  PassText parsed;
  text = trimmed(text);
  while (!text.empty()) {
    const bool repeated = text.front() == '(';
    const size_t end = repeated ? text.find(")*") : text.find('(');
    if (repeated && end == std::string_view::npos) {
      return fail(Code::usage, "'{}' opens a group that no `)*` closes", text);
    }
    std::string_view inside = trimmed(repeated ? text.substr(1, end - 1) : text.substr(0, end));
    if (!repeated && end != std::string_view::npos && inside.ends_with(',')) {
      inside.remove_suffix(1);
    }
    parsed.names_.push_back(DSQ_TRY(names_in(inside, table)));
    parsed.groups_.push_back({{}, repeated});
    text = end == std::string_view::npos ? std::string_view() : trimmed(text.substr(end + (repeated ? 2 : 0)));
    if (repeated && text.starts_with(',')) {
      text = trimmed(text.substr(1));
    }
  }
  if (parsed.names_.empty()) {
    return fail(Code::usage, "no pass is named");
  }
  for (size_t i = 0; i < parsed.names_.size(); ++i) {
    parsed.groups_[i].passes = parsed.names_[i];
  }
  return parsed;
}

std::string text_of(std::span<const PassGroup> groups) {
  std::string text;
  for (const PassGroup& group : groups) {
    const std::string names = fmt::format("{}", fmt::join(group.passes, ","));
    text += (text.empty() ? "" : ",") + (group.until_stable ? "(" + names + ")*" : names);
  }
  return text;
}

}  // namespace dsq
