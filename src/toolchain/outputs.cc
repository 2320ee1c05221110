#include "src/toolchain/outputs.h"

#include <algorithm>
#include <array>
#include <string>

#include "src/support/strings.h"

namespace dsq {

Result<void> check_output_name(const std::filesystem::path& path, std::span<const std::string_view> endings) {
  constexpr auto kKnown =
      std::to_array<std::string_view>({".dsir", ".dsq", ".html", ".json", ".npy", ".npz", ".onnx", ".toml"});
  const auto renamed = [&] {
    const std::filesystem::path stem = path.stem() == "-" ? "out" : path.stem();
    return "give a name such as " + stem.string() + std::string(endings.front());
  };
  if (path == "-") {
    return fail(Code::option_conflict, "results go into files, not to standard output").at("'-'").hint(renamed());
  }
  const std::string ending = lower(path.extension().string());
  if (std::ranges::find(kKnown, ending) != kKnown.end() && std::ranges::find(endings, ending) == endings.end()) {
    return fail(Code::option_conflict, "{} is written here, no {} file", fmt::join(endings, " or "), ending)
        .at(path.string())
        .hint(renamed());
  }
  return {};
}

Result<void> check_apart(std::span<const std::filesystem::path> read, std::span<const std::filesystem::path> written) {
  for (const std::filesystem::path& input : read) {
    for (const std::filesystem::path& output : written) {
      std::error_code ignored;
      if (std::filesystem::equivalent(input, output, ignored)) {
        return fail(Code::option_conflict, "the output would replace '{}'", input.string())
            .at(output.string())
            .hint("give another path with -o");
      }
    }
  }
  return {};
}

}  // namespace dsq
