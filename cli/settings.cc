#include "cli/settings.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_WINDOWS_COMPAT 0
#include <toml++/impl/preprocessor.h>
// What the library asserts of a key ("[ =]" fails it) it checks once more right behind, with a proper refusal.
#undef TOML_ASSERT_ASSUME
#define TOML_ASSERT_ASSUME(expr) static_assert(true)
// What it holds to be unreachable when it sorts characters is reached (by U+FEFB).
#undef TOML_UNREACHABLE
#define TOML_UNREACHABLE return false
#include <toml++/impl/forward_declarations.h>
#include <toml++/impl/unicode.h>
#undef TOML_UNREACHABLE
#define TOML_UNREACHABLE __builtin_unreachable()
#include <toml++/toml.h>

namespace dsq::cli {
namespace {

template <class... Args>
Error at_line(const toml::source_region& place, fmt::format_string<Args...> format, Args&&... args) {
  return fail(Code::text_syntax, format, std::forward<Args>(args)...).at(std::to_string(place.begin.line));
}

Result<std::string> text_of(const std::string& key, const toml::value<std::string>& value) {
  const std::string& text = *value;
  if (text.empty()) {
    return at_line(value.source(), "'{}' is empty", key);
  }
  if (std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; })) {
    return at_line(value.source(), "'{}' holds a control character", key);
  }
  return text;
}

Result<std::string> text_of(const std::string& key, const toml::value<double>& value) {
  if (!std::isfinite(*value)) {
    return at_line(value.source(), "'{}' is not a finite number", key);
  }
  return fmt::format("{}", *value + 0.0);  // no -0
}

// All strings, or all numbers.
Result<Setting> list_of(const std::string& key, const toml::array& array) {
  Setting setting{key, Setting::Kind::list, {}, 0};
  for (const toml::node& element : array) {
    const Setting::Kind kind = element.is_number() ? Setting::Kind::numbers : Setting::Kind::list;
    if ((!element.is_string() && !element.is_number()) || (&element != &array.front() && kind != setting.kind)) {
      return at_line(element.source(), "'{}' is a list that holds more than strings or more than numbers", key);
    }
    setting.kind = kind;
    setting.values.push_back(element.is_integer()  ? fmt::format("{}", **element.as_integer())
                             : element.is_number() ? DSQ_TRY(text_of(key, *element.as_floating_point()))
                                                   : DSQ_TRY(text_of(key, *element.as_string())));
  }
  return setting;
}

Result<Setting> setting_of(const std::string& key, const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::string: {
      std::string text = DSQ_TRY(text_of(key, *node.as_string()));
      return Setting{key, Setting::Kind::text, {std::move(text)}, 0};
    }
    case toml::node_type::integer:
      return Setting{key, Setting::Kind::number, {fmt::format("{}", **node.as_integer())}, 0};
    case toml::node_type::boolean:
      return Setting{key, Setting::Kind::boolean, {**node.as_boolean() ? "true" : "false"}, 0};
    case toml::node_type::floating_point: {
      std::string text = DSQ_TRY(text_of(key, *node.as_floating_point()));
      return Setting{key, Setting::Kind::number, {std::move(text)}, 0};
    }
    case toml::node_type::array: return list_of(key, *node.as_array());
    default: return at_line(node.source(), "'{}' is neither a string, a number, a truth value nor a list", key);
  }
}

}  // namespace

Result<std::vector<Setting>> parse_settings(std::string_view text) {
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    const toml::parse_error& error = parsed.error();
    return fail(Code::text_syntax, "{}", error.description())
        .at(fmt::format("{}:{}", error.source().begin.line, error.source().begin.column));
  }
  std::vector<Setting> settings;
  for (const auto& [key, node] : parsed.table()) {
    Setting setting = DSQ_TRY(setting_of(std::string(key.str()), node));
    setting.line = key.source().begin.line;
    settings.push_back(std::move(setting));
  }
  std::ranges::stable_sort(settings, {}, &Setting::line);
  return settings;
}

std::string toml_string(std::string_view text) {
  std::ostringstream out;
  out << toml::value<std::string>(text);
  return out.str();
}

}  // namespace dsq::cli
