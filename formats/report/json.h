// The report as JSON. Schema: formats/report/SCHEMA.md and report.schema.json.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "src/report/report.h"
#include "src/support/result.h"

namespace dsq {

// Indented by two, keys in a fixed order, closing newline: the same report gives the same bytes. Numbers that are not
// finite become null; text that is not valid UTF-8 gets U+FFFD in place of the bad bytes.
std::string to_json(const Report& report);

// The inverse: from_json(to_json(r)) equals r, but for what is not finite (null is read as NaN) or not UTF-8. Keys that
// are not known are ignored. Errors: report_invalid (no JSON, a missing key or a value of the wrong type, which is
// named; or a newer version).
Result<Report> from_json(std::string_view text);
// Of a file. Errors: file_unreadable, report_invalid.
Result<Report> read_report(const std::filesystem::path& path);

}  // namespace dsq
