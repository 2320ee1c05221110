// Writes the sample reports as NAME.html, .json, .xml (JUnit), .sarif and .md into a folder, for the tests in Python.
#include <cstdio>
#include <filesystem>

#include "formats/report/html.h"
#include "formats/report/json.h"
#include "formats/report/junit.h"
#include "formats/report/markdown.h"
#include "formats/report/sarif.h"
#include "src/support/file.h"
#include "tests/report/sample_report.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: sample_pages FOLDER\n", stderr);
    return 2;
  }
  const std::filesystem::path folder = argv[1];
  std::filesystem::create_directories(folder);
  const std::pair<const char*, dsq::Report> samples[] = {{"full60", dsq::sample::full(60)},
                                                         {"full300", dsq::sample::full(300)},
                                                         {"bare", dsq::sample::bare(8)},
                                                         {"hostile", dsq::sample::hostile()},
                                                         {"empty", dsq::Report{}}};
  for (const auto& [name, report] : samples) {
    for (const auto& [extension, text] :
         {std::pair{".html", dsq::to_html(report)}, std::pair{".json", dsq::to_json(report)},
          std::pair{".xml", dsq::to_junit(report)}, std::pair{".sarif", dsq::to_sarif(report)},
          std::pair{".md", dsq::to_markdown(report)}}) {
      const dsq::Result<void> written = dsq::write_file(folder / (std::string(name) + extension), text);
      if (!written) {
        std::fprintf(stderr, "%s\n", written.error().what.c_str());
        return 1;
      }
    }
  }
  return 0;
}
