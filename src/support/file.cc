#include "src/support/file.h"

#include <cerrno>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dsq {
namespace {

// Writes everything to the open temporary file, which also has the given name.
using Produce = std::function<Result<void>(int fd, const std::string& name)>;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) {
      ::close(fd_);
    }
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

std::filesystem::path folder_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

Error write_error(const std::filesystem::path& path, const char* doing) {
  return fail(Code::write_failed, "cannot {}: {}", doing, std::strerror(errno)).at(path.string());
}

Result<void> write_all(int fd, std::span<const std::byte> bytes, const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written <= 0) {
      return write_error(path, "write");
    }
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  return {};
}

// Between the moment a temporary name appears and the rename, termination signals wait: nothing stays behind.
class SignalsHeld {
 public:
  SignalsHeld() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &previous_);
  }
  ~SignalsHeld() { pthread_sigmask(SIG_SETMASK, &previous_, nullptr); }
  SignalsHeld(const SignalsHeld&) = delete;
  SignalsHeld& operator=(const SignalsHeld&) = delete;

 private:
  sigset_t previous_;
};

// Gives the finished unnamed file its name.
Result<void> publish(int fd, const std::filesystem::path& path) {
  const std::string unnamed = fmt::format("/proc/self/fd/{}", fd);
  const std::string temporary = fmt::format("{}.tmp{}", path.string(), ::getpid());
  const SignalsHeld held;
  ::unlink(temporary.c_str());
  if (::linkat(AT_FDCWD, unnamed.c_str(), AT_FDCWD, temporary.c_str(), AT_SYMLINK_FOLLOW) != 0) {
    return write_error(path, "name the new file");
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    const Error error = write_error(path, "replace the file");
    ::unlink(temporary.c_str());
    return error;
  }
  return {};
}

// For file systems without unnamed files: a named one, removed when anything fails.
Result<void> write_named(const std::filesystem::path& path, const Produce& produce) {
  const std::string temporary = fmt::format("{}.tmp{}", path.string(), ::getpid());
  const SignalsHeld held;
  const Descriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (file.get() < 0) {
    return write_error(path, "create");
  }
  Result<void> done = produce(file.get(), temporary);
  if (done && (::fsync(file.get()) != 0 || ::rename(temporary.c_str(), path.c_str()) != 0)) {
    done = write_error(path, "write");
  }
  if (!done) {
    ::unlink(temporary.c_str());
  }
  return done;
}

// A rename would put a regular file in the place of a device, a pipe or a folder.
Result<void> check_replaceable(const std::filesystem::path& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0 || S_ISREG(info.st_mode)) {
    return {};
  }
  return fail(Code::write_failed, "{}", S_ISDIR(info.st_mode) ? "is a folder" : "is not a regular file")
      .at(path.string());
}

Result<void> write_atomically(const std::filesystem::path& given, const Produce& produce) {
  std::error_code ignored;  // a link stays one: the file that it names is replaced
  const std::filesystem::path path =
      std::filesystem::is_symlink(given, ignored) ? std::filesystem::weakly_canonical(given, ignored) : given;
  DSQ_TRY(check_replaceable(path));
  const Descriptor file(::open(folder_of(path).c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0644));
  if (file.get() < 0) {
    if (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL) {
      return write_named(path, produce);
    }
    return write_error(path, "write into the folder");
  }
  DSQ_TRY(produce(file.get(), fmt::format("/proc/self/fd/{}", file.get())));
  if (::fsync(file.get()) != 0) {
    return write_error(path, "write");
  }
  return publish(file.get(), path);
}

}  // namespace

Result<std::shared_ptr<const MappedFile>> MappedFile::open(const std::filesystem::path& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat info {};
  if (file.get() < 0 || ::fstat(file.get(), &info) != 0) {
    return fail(Code::file_unreadable, "cannot open: {}", std::strerror(errno)).at(path.string());
  }
  if (!S_ISREG(info.st_mode)) {
    return fail(Code::file_unreadable, "not a regular file").at(path.string());
  }
  const auto size = static_cast<size_t>(info.st_size);
  if (size == 0) {
    return std::shared_ptr<const MappedFile>(new MappedFile(nullptr, 0));
  }
  void* data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (data == MAP_FAILED) {
    return fail(Code::file_unreadable, "cannot map: {}", std::strerror(errno)).at(path.string());
  }
  return std::shared_ptr<const MappedFile>(new MappedFile(static_cast<const std::byte*>(data), size));
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) {
    ::munmap(const_cast<std::byte*>(data_), size_);
  }
}

Result<void> write_file(const std::filesystem::path& path, const std::function<Result<void>(const Sink&)>& produce) {
  return write_atomically(path, [&](int fd, const std::string&) {
    return produce([&](std::span<const std::byte> bytes) { return write_all(fd, bytes, path); });
  });
}

Result<void> write_file_by_name(const std::filesystem::path& path,
                                const std::function<Result<void>(const std::string& temporary)>& produce) {
  return write_atomically(path, [&](int, const std::string& temporary) { return produce(temporary); });
}

Result<void> write_file(const std::filesystem::path& path, std::string_view text) {
  return write_file(path, [&](const Sink& sink) { return sink(std::as_bytes(std::span(text))); });
}

Result<void> check_writable(const std::filesystem::path& path) {
  DSQ_TRY(check_replaceable(path));
  if (::access(folder_of(path).c_str(), W_OK | X_OK) != 0) {
    return write_error(path, "write into the folder");
  }
  return {};
}

}  // namespace dsq
