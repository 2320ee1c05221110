#include "src/toolchain/ci_files.h"

#include <array>
#include <string_view>

#include "formats/report/junit.h"
#include "formats/report/markdown.h"
#include "formats/report/sarif.h"
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

Result<void> prepare_ci_files(const Report& report, const CiFiles& files, std::vector<NewFile>& prepared) {
  if (files.junit) {
    prepared.push_back(DSQ_TRY(NewFile::write(*files.junit, to_junit(report))));
  }
  if (files.sarif) {
    prepared.push_back(DSQ_TRY(NewFile::write(*files.sarif, to_sarif(report))));
  }
  if (files.markdown) {
    prepared.push_back(DSQ_TRY(NewFile::write(*files.markdown, to_markdown(report))));
  }
  return {};
}

Result<void> write_ci_files(const Report& report, const CiFiles& files) {
  std::vector<NewFile> prepared;
  DSQ_TRY(prepare_ci_files(report, files, prepared));
  return publish(prepared);
}

}  // namespace dsq
