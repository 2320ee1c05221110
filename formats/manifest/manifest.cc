#include "formats/manifest/manifest.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include <nlohmann/json.hpp>

namespace dsq::manifest {
namespace {

constexpr std::string_view kLabel = "label";

using Fields = std::vector<std::pair<std::string, std::string>>;  // names and values of a sample

template <class... Args>
Error at_line(int64_t line, fmt::format_string<Args...> format, Args&&... args) {
  return fail(Code::data_unreadable, "line {}: {}", line, fmt::format(format, std::forward<Args>(args)...));
}

// A line without its end; false at the end of the text.
bool next_line(std::string_view& text, std::string_view& line) {
  if (text.empty()) {
    return false;
  }
  const size_t end = std::min(text.find('\n'), text.size());
  line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (line.ends_with('\r')) {
    line.remove_suffix(1);
  }
  return true;
}

// RFC 4180, without line breaks in quotes.
Result<std::vector<std::string>> values_of(std::string_view line, int64_t number) {
  std::vector<std::string> values(1);
  bool quoted = false;
  for (size_t i = 0; i < line.size(); ++i) {
    const bool doubled = quoted && line[i] == '"' && i + 1 < line.size() && line[i + 1] == '"';
    if (doubled) {
      values.back() += line[i++];
    } else if (line[i] == '"' && (quoted || values.back().empty())) {
      quoted = !quoted;
    } else if (line[i] == ',' && !quoted) {
      values.emplace_back();
    } else {
      values.back() += line[i];
    }
  }
  if (quoted) {
    return at_line(number, "a quote is not closed");
  }
  return values;
}

Result<Fields> json_fields(std::string_view line, int64_t number) {
  const nlohmann::ordered_json json = nlohmann::ordered_json::parse(line, nullptr, false);
  if (!json.is_object()) {
    return at_line(number, "not an object in JSON");
  }
  Fields fields;
  for (const auto& [key, value] : json.items()) {
    if (!value.is_string() && !value.is_number_integer()) {
      return at_line(number, "'{}' is neither a file's name nor a whole number", key);
    }
    fields.emplace_back(key, value.is_string() ? value.get<std::string>() : value.dump());
  }
  return fields;
}

Result<void> add_sample(const Fields& fields, int64_t line, const std::filesystem::path& folder, Manifest& manifest) {
  const size_t before = manifest.files.empty() ? 0 : manifest.files.front().size();
  std::vector<bool> given(manifest.inputs.size(), false);
  std::optional<int64_t> label;
  for (const auto& [name, value] : fields) {
    if (name == kLabel) {
      int64_t number = 0;
      const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
      if (error != std::errc() || end != value.data() + value.size()) {
        return at_line(line, "the label '{}' is not a whole number", value);
      }
      label = number;
      continue;
    }
    if (value.empty()) {
      return at_line(line, "'{}' names no file", name);
    }
    auto at = static_cast<size_t>(std::ranges::find(manifest.inputs, name) - manifest.inputs.begin());
    if (at == manifest.inputs.size()) {
      if (before > 0) {
        return at_line(line, "'{}' is new here: each sample has the same names", name);
      }
      manifest.inputs.push_back(name);
      manifest.files.emplace_back();
      given.push_back(false);
    }
    if (given[at]) {
      return at_line(line, "'{}' is given twice", name);
    }
    given[at] = true;
    manifest.files[at].push_back(folder / value);
  }
  const auto missing = std::ranges::find(given, false);
  if (missing != given.end() || given.empty()) {
    return at_line(line, "it names no file for '{}'",
                   given.empty() ? "any input" : manifest.inputs[static_cast<size_t>(missing - given.begin())]);
  }
  if (before > 0 && label.has_value() == manifest.labels.empty()) {
    return at_line(line, "{}", label ? "it has a label, the samples before it have none" : "it has no label");
  }
  manifest.labels.insert(manifest.labels.end(), label ? 1 : 0, label.value_or(0));
  return {};
}

}  // namespace

Result<Manifest> parse(std::string_view text, const std::filesystem::path& folder) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  text.remove_prefix(text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0);
  Manifest manifest;
  const bool json = text.substr(0, text.find_first_not_of(" \t\r\n") + 1).ends_with('{');
  std::vector<std::string> names;
  std::string_view line;
  for (int64_t number = 1; next_line(text, line); ++number) {
    if (line.find_first_not_of(" \t") == std::string_view::npos) {
      continue;
    }
    if (json) {
      DSQ_TRY(add_sample(DSQ_TRY(json_fields(line, number)), number, folder, manifest));
      continue;
    }
    const std::vector<std::string> values = DSQ_TRY(values_of(line, number));
    if (names.empty()) {
      names = values;
      continue;
    }
    if (values.size() != names.size()) {
      return at_line(number, "{} values for {} names", values.size(), names.size());
    }
    Fields fields;
    for (size_t i = 0; i < names.size(); ++i) {
      fields.emplace_back(names[i], values[i]);
    }
    DSQ_TRY(add_sample(fields, number, folder, manifest));
  }
  if (manifest.files.empty()) {
    return fail(Code::data_unreadable, "the manifest names no files");
  }
  return manifest;
}

}  // namespace dsq::manifest
