#include "tests/harness/dsir_case.h"

#include <algorithm>
#include <optional>

#include "src/support/file.h"
#include "src/support/strings.h"

namespace dsq::testing {
namespace {

std::string trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r");
  return begin == std::string_view::npos ? std::string()
                                         : std::string(text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1));
}

// What follows `prefix` on the line.
std::optional<std::string> after(const std::string& line, std::string_view prefix) {
  if (!line.starts_with(prefix)) {
    return std::nullopt;
  }
  return trim(std::string_view(line).substr(prefix.size()));
}

std::vector<std::string> quoted_after(const std::string& line, const std::string& word) {
  std::vector<std::string> found;
  const std::string opening = word + " \"";
  for (size_t at = line.find(opening); at != std::string::npos; at = line.find(opening, at + 1)) {
    const size_t begin = at + opening.size();
    found.push_back(line.substr(begin, line.find('"', begin) - begin));
  }
  return found;
}

Result<void> read_expectation(const std::string& rest, DsirCase& into) {
  into.notes = quoted_after(rest, "note");
  if (rest.starts_with("changed")) {
    into.expect = Expect::changed;
  } else if (rest.starts_with("unchanged")) {
    into.expect = Expect::unchanged;
  } else if (rest.starts_with("error E")) {
    into.expect = Expect::error;
    into.error_code = rest.substr(6, 4);
    const std::vector<std::string> text = quoted_after(rest, into.error_code);
    into.error_text = text.empty() ? "" : text.front();
  } else {
    return fail(Code::text_syntax, "case '{}': expected changed, unchanged or error, not '{}'", into.name, rest);
  }
  return {};
}

}  // namespace

Result<DsirFile> read_dsir(const std::filesystem::path& path) {
  const std::shared_ptr<const MappedFile> mapped = DSQ_TRY(MappedFile::open(path));
  const std::span<const std::byte> bytes = mapped->bytes();
  DsirFile file;
  file.path = path;
  file.lines = split(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()), '\n');
  std::map<std::string, std::string> common;
  bool expecting = false;
  for (size_t i = 0; i < file.lines.size(); ++i) {
    const std::string& line = file.lines[i];
    if (const std::optional<std::string> name = after(line, "// case:")) {
      DsirCase& fresh = file.cases.emplace_back();
      fresh.name = *name;
      fresh.line = static_cast<int>(i + 1);
      fresh.settings = common;
      expecting = false;
      continue;
    }
    const std::optional<std::string> expectation = after(line, "// ---- expect ");
    if (expectation && !file.cases.empty()) {
      DSQ_TRY(read_expectation(*expectation, file.cases.back()));
      file.cases.back().after_begin = file.cases.back().after_end = i + 1;
      expecting = true;
      continue;
    }
    for (const std::string_view key :
         {"pass", "tolerance", "types", "pipeline", "numeric", "recipe", "stats", "noise"}) {
      if (const std::optional<std::string> value = after(line, "// " + std::string(key) + ": ")) {
        (file.cases.empty() ? common : file.cases.back().settings)[std::string(key)] = *value;
      }
    }
    if (file.cases.empty()) {
      continue;
    }
    DsirCase& current = file.cases.back();
    (expecting ? current.after : current.before) += line + "\n";
    if (expecting && !trim(line).empty() && !line.starts_with("//")) {
      current.after_end = i + 1;
    }
  }
  for (const DsirCase& each : file.cases) {
    if (each.after_begin == 0) {
      return fail(Code::text_syntax, "case '{}' expects nothing", each.name).at(path.string());
    }
  }
  return file;
}

Result<void> rewrite_expectation(const std::filesystem::path& path, const std::string& case_name,
                                 const std::string& text) {
  const DsirFile file = DSQ_TRY(read_dsir(path));
  const auto found = std::ranges::find(file.cases, case_name, &DsirCase::name);
  if (found == file.cases.end()) {
    return fail(Code::text_syntax, "no case '{}'", case_name).at(path.string());
  }
  std::string out;
  for (size_t i = 0; i < file.lines.size(); ++i) {
    if (i == found->after_begin) {
      out += text;
    }
    if (i < found->after_begin || i >= found->after_end) {
      out += file.lines[i] + (i + 1 < file.lines.size() ? "\n" : "");
    }
  }
  return write_file(path, out);
}

}  // namespace dsq::testing
