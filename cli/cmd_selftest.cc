// dsquant selftest: does it work here?
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>

#include "cli/command.h"
#include "src/toolchain/selftest.h"

namespace dsq::cli {
namespace {

// Goes with all that is in it.
class TemporaryFolder {
 public:
  static Result<TemporaryFolder> make() {
    std::error_code failed;
    const std::filesystem::path place = std::filesystem::temp_directory_path(failed);
    std::string name = (place / "dsquant-selftest-XXXXXX").string();
    if (failed || ::mkdtemp(name.data()) == nullptr) {
      return fail(Code::write_failed, "cannot make a folder: {}", failed ? failed.message() : std::strerror(errno))
          .at(failed ? "TMPDIR" : name)
          .hint("set TMPDIR to a folder that can be written");
    }
    return TemporaryFolder(std::move(name));
  }
  TemporaryFolder(TemporaryFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  TemporaryFolder& operator=(TemporaryFolder&&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    if (!path_.empty()) {
      std::filesystem::remove_all(path_, ignored);
    }
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  explicit TemporaryFolder(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

Result<Exit> run(Console& console) {
  const TemporaryFolder folder = DSQ_TRY(TemporaryFolder::make());
  DSQ_TRY(selftest(folder.path(), [&](std::string_view what, double seconds) {
    console.print(fmt::format("ok  {} ({:.0f} ms)\n", what, seconds * 1000));
  }));
  console.print("dsquant works here\n");
  return Exit::ok;
}

}  // namespace

Action define_selftest(CLI::App&) { return run; }

}  // namespace dsq::cli
