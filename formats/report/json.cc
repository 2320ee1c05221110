#include "formats/report/json.h"

#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>

#include <nlohmann/json.hpp>

#include "formats/report/fields.h"
#include "src/support/file.h"

namespace dsq {
namespace report_json {
namespace {

using Json = nlohmann::ordered_json;

std::string_view name_of(Severity severity) { return severity == Severity::warning ? "warning" : "note"; }

// ---- writing ----

class Writer;
template <class T>
Json written(const T& value);

class Writer {
 public:
  template <class T>
  void field(const char* key, const T& value) {
    json_[key] = written(value);
  }
  template <class T>
  void optional(const char* key, const std::optional<T>& value) {
    if (value.has_value()) {
      json_[key] = written(*value);
    }
  }
  template <class F>
  void object(const char* key, const F& fill) {
    Writer inner;
    fill(inner);
    json_[key] = std::move(inner.json_);
  }
  Json& json() { return json_; }

 private:
  Json json_ = Json::object();
};

template <class T>
struct IsList : std::false_type {};
template <class T>
struct IsList<std::vector<T>> : std::true_type {};

template <class T>
Json written(const T& value) {
  if constexpr (std::is_floating_point_v<T>) {
    return std::isfinite(value) ? Json(value) : Json(nullptr);
  } else if constexpr (std::is_arithmetic_v<T> || std::is_same_v<T, std::string>) {
    return Json(value);
  } else if constexpr (std::is_same_v<T, Code>) {
    return Json(code_name(value));
  } else if constexpr (std::is_same_v<T, Severity>) {
    return Json(name_of(value));
  } else if constexpr (IsList<T>::value) {
    Json list = Json::array();
    for (const auto& item : value) {
      list.push_back(written(item));
    }
    return list;
  } else if constexpr (std::is_same_v<T, std::pair<float, float>>) {
    return Json::array({written(value.first), written(value.second)});
  } else {
    Writer writer;
    fields(writer, const_cast<T&>(value));  // Writer::field takes const references
    return std::move(writer.json());
  }
}

// ---- reading ----

// Remembers the first thing that did not fit and skips the rest.
class Reader {
 public:
  Reader(const Json& json, std::string path, std::string& problem)
      : json_(json), path_(std::move(path)), problem_(problem) {}

  template <class T>
  void field(const char* key, T& value) {
    if (const Json* child = find(key, true)) {
      read(*child, path_ + "/" + key, value);
    }
  }
  template <class T>
  void optional(const char* key, std::optional<T>& value) {
    if (const Json* child = find(key, false)) {
      read(*child, path_ + "/" + key, value.emplace());
    }
  }
  template <class F>
  void object(const char* key, const F& fill) {
    if (const Json* child = find(key, true)) {
      Reader inner(*child, path_ + "/" + key, problem_);
      fill(inner);
    }
  }

 private:
  const Json* find(const char* key, bool required) {
    if (!problem_.empty()) {
      return nullptr;
    }
    if (!json_.is_object()) {
      problem_ = (path_.empty() ? "/" : path_) + " is not an object";
      return nullptr;
    }
    const Json::const_iterator child = json_.find(key);
    if (child != json_.end()) {
      return &*child;
    }
    if (required) {
      problem_ = path_ + "/" + key + " is missing";
    }
    return nullptr;
  }

  bool expect(bool holds, const std::string& path, const char* what) {
    if (!holds && problem_.empty()) {
      problem_ = path + " is not " + what;
    }
    return holds;
  }

  template <class T>
  void read(const Json& json, const std::string& path, T& value);

  const Json& json_;
  std::string path_;
  std::string& problem_;
};

template <class T>
void Reader::read(const Json& json, const std::string& path, T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    if (expect(json.is_boolean(), path, "true or false")) {
      value = json.get<bool>();
    }
  } else if constexpr (std::is_floating_point_v<T>) {
    if (json.is_null()) {
      value = std::numeric_limits<T>::quiet_NaN();
    } else if (expect(json.is_number(), path, "a number or null")) {
      value = json.get<T>();
    }
  } else if constexpr (std::is_integral_v<T>) {
    const bool fits = json.is_number_integer() && !(json.is_number_unsigned() && json.get<uint64_t>() > INT64_MAX) &&
                      std::in_range<T>(json.get<int64_t>());
    if (expect(fits, path, "an integer in range")) {
      value = json.get<T>();
    }
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (expect(json.is_string(), path, "text")) {
      value = json.get<std::string>();
    }
  } else if constexpr (std::is_same_v<T, Severity>) {
    if (expect(json == "note" || json == "warning", path, "\"note\" or \"warning\"")) {
      value = json == "warning" ? Severity::warning : Severity::note;
    }
  } else if constexpr (std::is_same_v<T, Code>) {
    for (const CodeInfo& row : all_codes()) {
      if (json == code_name(row.code)) {
        value = row.code;
        return;
      }
    }
    expect(false, path, "a code of dsquant such as \"E105\"");
  } else if constexpr (IsList<T>::value) {
    if (expect(json.is_array(), path, "a list")) {
      for (const Json& item : json) {
        const std::string place = path + "/" + std::to_string(value.size());
        read(item, place, value.emplace_back());
      }
    }
  } else if constexpr (std::is_same_v<T, std::pair<float, float>>) {
    if (expect(json.is_array() && json.size() == 2, path, "a pair")) {
      read(json[0], path + "/0", value.first);
      read(json[1], path + "/1", value.second);
    }
  } else {
    Reader inner(json, path, problem_);
    fields(inner, value);
  }
}

}  // namespace
}  // namespace report_json

std::string to_json(const Report& report) {
  report_json::Json json = {{"schema", "dsquant-report"}, {"version", kReportVersion}};
  json.update(report_json::written(report));
  return json.dump(2, ' ', false, report_json::Json::error_handler_t::replace) + "\n";
}

Result<Report> from_json(std::string_view text) {
  using report_json::Json;
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded() || !json.is_object() || json.value("schema", Json()) != "dsquant-report") {
    return fail(Code::report_invalid, "the text is not a dsquant report");
  }
  const Json version = json.value("version", Json());
  if (!version.is_number_integer() || version < 1) {
    return fail(Code::report_invalid, "/version is not a positive integer");
  }
  if (version > kReportVersion) {
    return fail(Code::report_invalid, "the report has version {}; this dsquant reads up to {}", version.dump(),
                kReportVersion)
        .hint("update dsquant");
  }
  Report report;
  std::string problem;
  report_json::Reader reader(json, "", problem);
  report_json::fields(reader, report);
  if (!problem.empty()) {
    return fail(Code::report_invalid, "{}", problem);
  }
  return report;
}

Result<Report> read_report(const std::filesystem::path& path) {
  const std::shared_ptr<const MappedFile> file = DSQ_TRY(MappedFile::open(path));
  Result<Report> report = from_json({reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size()});
  return report ? std::move(report) : std::move(report).error().at(path.string());
}

}  // namespace dsq
