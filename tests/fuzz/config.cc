// Fuzz target: files of settings (--config). What is read is written as TOML and read again.
#include "cli/settings.h"
#include "tests/fuzz/exercise.h"

namespace {

using namespace dsq;  // NOLINT: a test program

std::string value_text(const cli::Setting& setting) {
  std::string text;
  for (const std::string& value : setting.values) {
    text += text.empty() ? "" : ", ";
    text += setting.kind == cli::Setting::Kind::text || setting.kind == cli::Setting::Kind::list
                ? cli::toml_string(value)
                : value;
  }
  const bool several = setting.kind == cli::Setting::Kind::list || setting.kind == cli::Setting::Kind::numbers;
  return several ? "[" + text + "]" : text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Result<std::vector<cli::Setting>> settings = cli::parse_settings({reinterpret_cast<const char*>(data), size});
  if (!settings) {
    fuzz::expect_refusal(settings.error());
    return 0;
  }
  for (const cli::Setting& setting : *settings) {
    if (setting.key.find_first_of("\n'") != std::string::npos) {
      continue;  // no option's name; TOML has no keys over several lines
    }
    const std::string line = cli::toml_string(setting.key) + " = " + value_text(setting);
    const Result<std::vector<cli::Setting>> again = cli::parse_settings(line);
    if (!again || again->size() != 1 || again->front().key != setting.key || again->front().kind != setting.kind ||
        again->front().values != setting.values) {
      fuzz::find("a setting that was read is written differently: " + line);
    }
  }
  return 0;
}
