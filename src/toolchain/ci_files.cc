#include "src/toolchain/ci_files.h"

#include <array>
#include <string_view>

#include "formats/report/junit.h"
#include "formats/report/markdown.h"
#include "formats/report/sarif.h"
#include "src/support/file.h"
#include "src/toolchain/outputs.h"

namespace dsq {

std::vector<std::filesystem::path> CiFiles::all() const {
  std::vector<std::filesystem::path> paths;
  for (const std::optional<std::filesystem::path>& each : {junit, sarif, markdown}) {
    paths.insert(paths.end(), each ? 1 : 0, each.value_or(""));
  }
  return paths;
}

Result<void> check_ci_files(const CiFiles& files) {
  constexpr auto kXml = std::to_array<std::string_view>({".xml"});
  constexpr auto kSarif = std::to_array<std::string_view>({".sarif", ".json"});
  constexpr auto kMarkdown = std::to_array<std::string_view>({".md"});
  DSQ_TRY(files.junit ? check_output_name(*files.junit, kXml) : Result<void>());
  DSQ_TRY(files.sarif ? check_output_name(*files.sarif, kSarif) : Result<void>());
  DSQ_TRY(files.markdown ? check_output_name(*files.markdown, kMarkdown) : Result<void>());
  const std::vector<std::filesystem::path> paths = files.all();
  for (size_t i = 0; i < paths.size(); ++i) {
    DSQ_TRY(check_writable(paths[i]));
    for (size_t k = 0; k < i; ++k) {
      if (std::filesystem::absolute(paths[i]).lexically_normal() ==
          std::filesystem::absolute(paths[k]).lexically_normal()) {
        return fail(Code::option_conflict, "two results would go into one file").at(paths[i].string());
      }
    }
  }
  return {};
}

Result<void> write_ci_files(const Report& report, const CiFiles& files) {
  DSQ_TRY(files.junit ? write_file(*files.junit, to_junit(report)) : Result<void>());
  DSQ_TRY(files.sarif ? write_file(*files.sarif, to_sarif(report)) : Result<void>());
  return files.markdown ? write_file(*files.markdown, to_markdown(report)) : Result<void>();
}

}  // namespace dsq
