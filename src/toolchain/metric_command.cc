#include "src/toolchain/metric_command.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <filesystem>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "formats/npy/npy.h"
#include "src/data/dataset.h"
#include "src/ir/tensor.h"
#include "src/support/descriptor.h"
#include "src/support/strings.h"

namespace dsq {
namespace {

// A folder of its own that goes with it.
class Folder {
 public:
  static Result<Folder> make() {
    std::error_code failed;
    std::string name = (std::filesystem::temp_directory_path(failed) / "dsquant-metric-XXXXXX").string();
    if (failed || ::mkdtemp(name.data()) == nullptr) {
      return fail(Code::write_failed, "no folder can be made for the metric command")
          .at(name)
          .hint("set TMPDIR to a folder that can be written to");
    }
    return Folder(name);
  }
  Folder(Folder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    if (!path_.empty()) {
      std::filesystem::remove_all(path_, ignored);
    }
  }
  std::filesystem::path operator/(const char* name) const { return path_ / name; }

 private:
  explicit Folder(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

// While it lives, signals that end the process wait, so that nothing is left behind.
class HeldSignals {
 public:
  HeldSignals() {
    sigset_t ending;
    ::sigemptyset(&ending);
    for (const int each : {SIGINT, SIGTERM, SIGHUP}) {
      ::sigaddset(&ending, each);
    }
    ::pthread_sigmask(SIG_BLOCK, &ending, &before_);
  }
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;
  ~HeldSignals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  static bool waits() {
    sigset_t pending;
    ::sigpending(&pending);
    return ::sigismember(&pending, SIGINT) == 1 || ::sigismember(&pending, SIGTERM) == 1 ||
           ::sigismember(&pending, SIGHUP) == 1;
  }

 private:
  sigset_t before_;
};

void replace_all(std::string& text, std::string_view from, const std::string& to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

Error failed(const std::vector<std::string>& words, const std::string& why) {
  return fail(Code::metric_failed, "{}", why)
      .at(words.front())
      .hint("run it by hand on what `dsquant run --outputs` writes; it has to print a number last");
}

// What the program prints. The end of the file is the end of the program, which a signal to this one brings about.
std::string read_all(int descriptor, pid_t child) {
  constexpr size_t kTail = 1 << 16;  // what counts comes last
  std::string text;
  char part[4096];
  constexpr int kMilliseconds = 100;
  while (true) {
    pollfd ready{descriptor, POLLIN, 0};
    if (::poll(&ready, 1, kMilliseconds) <= 0) {
      if (HeldSignals::waits()) {
        ::kill(child, SIGTERM);
        return text;
      }
      continue;
    }
    const ssize_t got = ::read(descriptor, part, sizeof part);
    if (got == 0 || (got < 0 && errno != EINTR)) {
      return text;
    }
    text.append(part, got > 0 ? static_cast<size_t>(got) : 0);
    if (text.size() > 2 * kTail) {
      text.erase(0, text.size() - kTail);
    }
  }
}

Result<std::string> printed_by(const std::vector<std::string>& words) {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return failed(words, "no pipe to it can be made");
  }
  Descriptor reading(ends[0]);
  Descriptor writing(ends[1]);
  std::vector<char*> arguments;
  for (const std::string& word : words) {
    arguments.push_back(const_cast<char*>(word.c_str()));  // execvp's, which changes none
  }
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawnattr_t how;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawnattr_init(&how);
  ::posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&files, writing.get(), STDOUT_FILENO);
  sigset_t ignored;  // here, but not there
  ::sigemptyset(&ignored);
  ::sigaddset(&ignored, SIGPIPE);
  ::sigaddset(&ignored, SIGXFSZ);
  ::posix_spawnattr_setsigdefault(&how, &ignored);
  sigset_t none;
  ::sigemptyset(&none);
  ::posix_spawnattr_setsigmask(&how, &none);
  ::posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  pid_t child = 0;
  const int started = ::posix_spawnp(&child, arguments[0], &files, &how, arguments.data(), environ);
  ::posix_spawnattr_destroy(&how);
  ::posix_spawn_file_actions_destroy(&files);
  if (started != 0) {
    return failed(words, fmt::format("the metric command cannot be started: {}", std::strerror(started)));
  }
  writing = Descriptor();
  std::string text = read_all(reading.get(), child);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return failed(words, WIFEXITED(status)
                             ? fmt::format("the metric command ended with status {}", WEXITSTATUS(status))
                             : fmt::format("the metric command was ended by signal {}", WTERMSIG(status)));
  }
  return text;
}

Result<double> number_of(const std::vector<std::string>& words, const std::string& text) {
  std::string line;
  for (std::string& each : split(text, '\n')) {
    const size_t first = each.find_first_not_of(" \t\r");
    if (first != std::string::npos) {
      line = each.substr(first, each.find_last_not_of(" \t\r") - first + 1);
    }
  }
  const char* begin = line.data() + (line.starts_with('+') ? 1 : 0);
  double value = 0;
  const auto [end, error] = std::from_chars(begin, line.data() + line.size(), value);
  if (line.empty()) {
    return failed(words, "the metric command printed nothing");
  }
  if (error != std::errc() || end != line.data() + line.size() || !std::isfinite(value)) {
    return failed(words,
                  fmt::format("the last line that the metric command printed is no number: '{}'", line.substr(0, 80)));
  }
  return value;
}

Result<double> score(std::vector<std::string> words, const Folder& folder, const std::vector<std::string>& names,
                     std::vector<std::vector<Tensor>> batches) {
  std::vector<Tensor> joined = DSQ_TRY(join_batches(std::move(batches)));
  npy::NamedTensors arrays;
  for (size_t o = 0; o < joined.size(); ++o) {
    arrays.emplace_back(names[o], std::move(joined[o]));
  }
  DSQ_TRY(npy::write_npz(folder / "outputs.npz", arrays));
  arrays.clear();
  for (std::string& word : words) {
    replace_all(word, "{outputs}", (folder / "outputs.npz").string());
    replace_all(word, "{labels}", (folder / "labels.npy").string());
  }
  return number_of(words, DSQ_TRY(printed_by(words)));
}

}  // namespace

Result<std::vector<std::string>> metric_words(const std::string& command, bool has_labels) {
  std::vector<std::string> words = shell_words(command);
  if (words.empty() || command.find("{outputs}") == std::string::npos) {
    return fail(Code::option_conflict, "--metric-command has no {{outputs}}, which stands for the file that it reads")
        .hint("for example --metric-command 'python3 score.py {outputs} {labels}'");
  }
  if (!has_labels && command.find("{labels}") != std::string::npos) {
    return fail(Code::option_conflict, "--metric-command asks for {{labels}}, and there are none")
        .hint("add --labels or --eval-labels, or let the program find labels of its own");
  }
  return words;
}

Result<LossReport> run_metric(const std::string& command, const std::vector<std::string>& names, KeptOutputs outputs,
                              const std::vector<int64_t>& labels, int64_t samples, std::optional<double> max_drop) {
  const std::vector<std::string> words = DSQ_TRY(metric_words(command, !labels.empty()));
  const HeldSignals held;  // until the folder is gone
  const Folder folder = DSQ_TRY(Folder::make());
  if (!labels.empty()) {
    DSQ_TRY(npy::write_npy(folder / "labels.npy", Tensor::ints(labels)));
  }
  LossReport loss;
  loss.kind = "other";
  loss.measure = "command";
  loss.samples = samples;
  loss.reference = DSQ_TRY(score(words, folder, names, std::move(outputs.reference)));
  loss.quantized = DSQ_TRY(score(words, folder, names, std::move(outputs.quantized)));
  loss.points = *loss.reference - *loss.quantized;
  loss.limit = max_drop.value_or(0);
  return loss;
}

}  // namespace dsq
