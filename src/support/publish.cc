// publish() of file.h: names for finished files, all or none.
//
// In this order: the folder is locked; what killed processes left there goes; every new file gets a temporary name in
// it; then one rename after the other. A second name for each file that is replaced allows to go back.
#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <deque>
#include <set>
#include <vector>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <unistd.h>

#include "src/support/file.h"

namespace dsq {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = ".dsquant-";  // and 16 digits
constexpr std::string_view kSuffix = ".tmp";

fs::path folder_of(const fs::path& path) { return path.has_parent_path() ? path.parent_path() : fs::path("."); }

Error write_error(const fs::path& path, const char* doing) {
  return fail(Code::write_failed, "cannot {}: {}", doing, std::strerror(errno)).at(path.string());
}

// Termination signals wait, so that nobody is stopped between a temporary name and its removal.
class SignalsHeld {
 public:
  SignalsHeld() {
    sigset_t held;
    sigemptyset(&held);
    for (const int signal : kSignals) {
      sigaddset(&held, signal);
    }
    pthread_sigmask(SIG_BLOCK, &held, &previous_);
  }
  ~SignalsHeld() { pthread_sigmask(SIG_SETMASK, &previous_, nullptr); }
  SignalsHeld(const SignalsHeld&) = delete;
  SignalsHeld& operator=(const SignalsHeld&) = delete;

  // For what takes long: whether one is waiting.
  bool pending() const {
    sigset_t waiting;
    return sigpending(&waiting) == 0 &&
           std::ranges::any_of(kSignals, [&](int signal) { return sigismember(&waiting, signal) == 1; });
  }

 private:
  static constexpr std::array kSignals = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
  sigset_t previous_;
};

// One process at a time. Where the folder cannot be locked, or who holds it lets nobody in (`flock FOLDER dsquant ...`),
// it goes on without: files of several runs may mix then, and nothing of others is removed.
class FolderLock {
 public:
  FolderLock(const fs::path& folder, const SignalsHeld& signals)
      : folder_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    constexpr int kTries = 1000;
    for (int i = 0; folder_.get() >= 0 && i < kTries && !signals.pending(); ++i) {
      locked_ = ::flock(folder_.get(), LOCK_EX | LOCK_NB) == 0;
      if (locked_ || errno != EWOULDBLOCK) {
        return;
      }
      ::usleep(2000);
    }
  }
  bool locked() const { return locked_; }
  void sync() const { ::fsync(folder_.get()); }  // so that the names outlive a power failure

 private:
  Descriptor folder_;
  bool locked_ = false;
};

// Names of our form that no living process holds locked.
void remove_stale(const fs::path& folder) {
  std::error_code ignored;
  for (fs::directory_iterator entry(folder, ignored), end; entry != end; entry.increment(ignored)) {
    const std::string name = entry->path().filename().string();
    if (name.size() != kPrefix.size() + 16 + kSuffix.size() || !name.starts_with(kPrefix) || !name.ends_with(kSuffix)) {
      continue;
    }
    const Descriptor file(::open(entry->path().c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (file.get() >= 0 && ::flock(file.get(), LOCK_EX | LOCK_NB) == 0) {
      ::unlink(entry->path().c_str());
    }
  }
}

Result<void> copy(int from, int to, const fs::path& path, const SignalsHeld& signals) {
  std::vector<std::byte> chunk(size_t{1} << 20);
  off_t at = 0;
  for (;;) {
    const ssize_t got = ::pread(from, chunk.data(), chunk.size(), at);
    if (got == 0) {
      return ::fsync(to) == 0 ? Result<void>() : Result<void>(write_error(path, "write"));
    }
    for (ssize_t put = 0; put < got;) {
      const ssize_t written = ::write(to, chunk.data() + put, static_cast<size_t>(got - put));
      if (written < 0 && errno != EINTR) {
        return write_error(path, "write");
      }
      put += std::max<ssize_t>(written, 0);
    }
    if (got < 0 || signals.pending()) {
      errno = got < 0 ? errno : EINTR;
      return write_error(path, "write");
    }
    at += got;
  }
}

// The files of one publish() on their way. Temporary names go when it goes.
class Publication {
 public:
  explicit Publication(const SignalsHeld& signals) : signals_(signals) {}
  ~Publication() {
    for (const fs::path& name : names_) {
      ::unlink(name.c_str());
    }
  }
  Publication(const Publication&) = delete;
  Publication& operator=(const Publication&) = delete;

  // Gives the file a temporary name; where its file system has no unnamed files, that of a copy. The lock on it, which
  // ends with the process, tells remove_stale() that it is in use.
  Result<void> add(const NewFile& file) {
    const fs::path name = DSQ_TRY(new_name(file.path()));
    Step step{name, file.path(), {}, Descriptor(), false};
    ::flock(file.descriptor(), LOCK_EX | LOCK_NB);
    const std::string unnamed = fmt::format("/proc/self/fd/{}", file.descriptor());
    if (::linkat(AT_FDCWD, unnamed.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) != 0) {
      step.copy = Descriptor(::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
      if (step.copy.get() < 0) {
        return write_error(file.path(), "create a file beside it");
      }
      ::flock(step.copy.get(), LOCK_EX | LOCK_NB);
      DSQ_TRY(copy(file.descriptor(), step.copy.get(), file.path(), signals_));
    }
    steps_.push_back(std::move(step));
    return {};
  }

  Result<void> rename_all() {
    for (Step& step : steps_) {
      Result<void> done = rename(step);
      if (!done) {
        go_back();
        return done;
      }
    }
    return {};
  }

 private:
  struct Step {
    fs::path name;  // temporary
    fs::path path;
    fs::path old;  // the second name of what is replaced; empty without
    Descriptor copy;
    bool undoable = false;
  };

  Result<fs::path> new_name(const fs::path& beside) {
    uint64_t number = 0;
    if (::getrandom(&number, sizeof number, 0) != sizeof number) {
      return write_error(beside, "make a name for a file");
    }
    names_.push_back(folder_of(beside) / fmt::format("{}{:016x}{}", kPrefix, number, kSuffix));
    return names_.back();
  }

  Result<void> rename(Step& step) {
    const fs::path old = DSQ_TRY(new_name(step.path));
    const bool linked = ::link(step.path.c_str(), old.c_str()) == 0;
    step.old = linked ? old : fs::path();
    const bool fresh = !linked && errno == ENOENT;
    if (::rename(step.name.c_str(), step.path.c_str()) != 0) {
      return write_error(step.path, "replace the file");
    }
    step.undoable = linked || fresh;
    return {};
  }

  void go_back() {
    for (const Step& step : steps_) {
      if (step.undoable && step.old.empty()) {
        ::unlink(step.path.c_str());
      } else if (step.undoable) {
        ::rename(step.old.c_str(), step.path.c_str());
      }
    }
  }

  const SignalsHeld& signals_;
  std::vector<fs::path> names_;
  std::vector<Step> steps_;
};

}  // namespace

Result<void> publish(std::span<const NewFile> files) {
  if (files.empty()) {
    return {};
  }
  std::set<fs::path> folders;  // sorted, so that two processes never wait for each other
  for (const NewFile& file : files) {
    std::error_code ignored;
    folders.insert(fs::weakly_canonical(folder_of(file.path()), ignored));
  }
  const SignalsHeld signals;
  std::deque<FolderLock> locks;
  for (const fs::path& folder : folders) {
    if (locks.emplace_back(folder, signals).locked()) {
      remove_stale(folder);
    }
  }
  Publication publication(signals);
  for (const NewFile& file : files) {
    DSQ_TRY(publication.add(file));
  }
  DSQ_TRY(publication.rename_all());
  std::ranges::for_each(locks, &FolderLock::sync);
  return {};
}

}  // namespace dsq
