// The report once more, as what CI systems read.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "src/report/report.h"
#include "src/support/file.h"
#include "src/support/result.h"

namespace dsq {

struct CiFiles {
  std::optional<std::filesystem::path> junit;
  std::optional<std::filesystem::path> sarif;
  std::optional<std::filesystem::path> markdown;
  std::vector<std::filesystem::path> all() const;
};

// Before long work: names and places that cannot be. Errors: option_conflict, write_failed.
Result<void> check_ci_files(const CiFiles& files);
// Written in full, without their names: publish() gives them these, to all or to none. Errors: write_failed.
Result<void> prepare_ci_files(const Report& report, const CiFiles& files, std::vector<NewFile>& prepared);
Result<void> write_ci_files(const Report& report, const CiFiles& files);

}  // namespace dsq
