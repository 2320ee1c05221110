#include "src/support/file.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/mman.h>

namespace dsq {

Result<std::shared_ptr<const MappedFile>> MappedFile::open(const std::filesystem::path& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) {
    return fail(Code::file_unreadable, "cannot open: {}", std::strerror(errno)).at(path.string());
  }
  return map(file.get(), path);
}

Result<std::shared_ptr<const MappedFile>> MappedFile::map(int fd, const std::filesystem::path& path) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) {
    return fail(Code::file_unreadable, "cannot open: {}", std::strerror(errno)).at(path.string());
  }
  if (!S_ISREG(info.st_mode)) {
    return fail(Code::file_unreadable, "not a regular file").at(path.string());
  }
  const std::shared_ptr<MappedFile> file(new MappedFile(path, info));
  if (file->size_ > 0) {
    void* data = ::mmap(nullptr, file->size_, PROT_READ, MAP_PRIVATE, fd, 0);
    if (data == MAP_FAILED) {
      const Code code = errno == ENOMEM ? Code::out_of_memory : Code::file_unreadable;
      return fail(code, "cannot map: {}", std::strerror(errno)).at(path.string());
    }
    file->data_ = static_cast<const std::byte*>(data);
  }
  return std::shared_ptr<const MappedFile>(file);
}

MappedFile::MappedFile(std::filesystem::path path, const struct stat& opened)
    : path_(std::move(path)), opened_(opened), size_(static_cast<size_t>(opened.st_size)) {}

MappedFile::~MappedFile() {
  if (data_ != nullptr) {
    ::munmap(const_cast<std::byte*>(data_), size_);
  }
}

// Asked by name, so that a thousand files of external data need no thousand descriptors. Another file of that name is
// no change: the one that was opened stays mapped.
Result<void> MappedFile::check_unchanged() const {
  struct stat now {};
  if (::stat(path_.c_str(), &now) != 0 || now.st_dev != opened_.st_dev || now.st_ino != opened_.st_ino) {
    return {};
  }
  if (now.st_size == opened_.st_size && now.st_mtim.tv_sec == opened_.st_mtim.tv_sec &&
      now.st_mtim.tv_nsec == opened_.st_mtim.tv_nsec) {
    return {};
  }
  return fail(Code::file_unreadable, "it changed while it was read")
      .at(path_.string())
      .hint("wait until it is complete");
}

}  // namespace dsq
