// NewFile of file.h, and what is made of it.
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "src/support/file.h"

namespace dsq {
namespace {

namespace fs = std::filesystem;

fs::path folder_of(const fs::path& path) { return path.has_parent_path() ? path.parent_path() : fs::path("."); }

Error write_error(const fs::path& path, const char* doing) {
  return fail(Code::write_failed, "cannot {}: {}", doing, std::strerror(errno)).at(path.string());
}

Result<void> write_all(int fd, std::span<const std::byte> bytes, const fs::path& path) {
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

// A rename would put a regular file in the place of a device, a pipe or a folder.
Result<void> check_replaceable(const fs::path& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0 || S_ISREG(info.st_mode)) {
    return {};
  }
  return fail(Code::write_failed, "{}", S_ISDIR(info.st_mode) ? "is a folder" : "is not a regular file")
      .at(path.string());
}

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

}  // namespace

Result<NewFile> NewFile::open(const fs::path& given) {
  std::error_code ignored;
  const fs::path path = fs::is_symlink(given, ignored) ? fs::weakly_canonical(given, ignored) : given;
  DSQ_TRY(check_replaceable(path));
  Descriptor file(::open(folder_of(path).c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0644));
  if (file.get() < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
    file = Descriptor(::memfd_create("dsquant", MFD_CLOEXEC));
  }
  if (file.get() < 0) {
    return write_error(path, "write into the folder");
  }
  return NewFile(path, std::move(file));
}

Result<void> NewFile::finish() const {
  return ::fsync(file_.get()) == 0 ? Result<void>() : Result<void>(write_error(path_, "write"));
}

Result<NewFile> NewFile::write(const fs::path& path, const std::function<Result<void>(const Sink&)>& produce) {
  NewFile file = DSQ_TRY(open(path));
  DSQ_TRY(produce([&](std::span<const std::byte> bytes) { return write_all(file.descriptor(), bytes, file.path_); }));
  DSQ_TRY(file.finish());
  return file;
}

Result<NewFile> NewFile::write(const fs::path& path, std::string_view text) {
  return write(path, [&](const Sink& sink) { return sink(bytes_of(text)); });
}

Result<NewFile> NewFile::write_by_name(const fs::path& path,
                                       const std::function<Result<void>(const std::string& name)>& produce) {
  NewFile file = DSQ_TRY(open(path));
  DSQ_TRY(produce(fmt::format("/proc/self/fd/{}", file.descriptor())));
  DSQ_TRY(file.finish());
  return file;
}

Result<std::shared_ptr<const MappedFile>> NewFile::map() const { return MappedFile::map(file_.get(), path_); }

Result<void> write_file(const fs::path& path, const std::function<Result<void>(const Sink&)>& produce) {
  const NewFile file = DSQ_TRY(NewFile::write(path, produce));
  return publish(std::span(&file, 1));
}

Result<void> write_file(const fs::path& path, std::string_view text) {
  return write_file(path, [&](const Sink& sink) { return sink(bytes_of(text)); });
}

Result<void> write_file_by_name(const fs::path& path,
                                const std::function<Result<void>(const std::string& name)>& produce) {
  const NewFile file = DSQ_TRY(NewFile::write_by_name(path, produce));
  return publish(std::span(&file, 1));
}

Result<void> check_writable(const fs::path& path) {
  DSQ_TRY(check_replaceable(path));
  if (::access(folder_of(path).c_str(), W_OK | X_OK) != 0) {
    return write_error(path, "write into the folder");
  }
  return {};
}

}  // namespace dsq
