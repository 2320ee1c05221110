// Files: mapped for reading, replaced as a whole for writing.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <sys/stat.h>

#include "src/support/descriptor.h"
#include "src/support/result.h"

namespace dsq {

// A whole file, mapped read-only. Shared, because tensors point into it. Where another process cuts the file off
// meanwhile, reading gets a SIGBUS, which cli/signals.cc turns into E101.
class MappedFile {
 public:
  // Errors: file_unreadable. Directories, devices and pipes are refused; an empty file gives empty bytes.
  static Result<std::shared_ptr<const MappedFile>> open(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return {data_, size_}; }
  const std::filesystem::path& path() const { return path_; }

  // For the end of reading: the file still has the size and the time of change that it had when it was opened.
  // Errors: file_unreadable.
  Result<void> check_unchanged() const;

 private:
  friend class NewFile;
  static Result<std::shared_ptr<const MappedFile>> map(int fd, const std::filesystem::path& path);
  MappedFile(std::filesystem::path path, const struct stat& opened);
  std::filesystem::path path_;
  struct stat opened_;
  const std::byte* data_ = nullptr;
  size_t size_;
};

using Sink = std::function<Result<void>(std::span<const std::byte>)>;

// A file that is written in full, with fsync, before anybody can see it: it has no name yet (O_TMPFILE; on file systems
// without that it lies in memory), so that a process that dies leaves nothing behind. publish() puts it in its place;
// a NewFile that is dropped never was.
class NewFile {
 public:
  // `produce` calls the sink as often as it likes. A link keeps being one: the file that it names is replaced.
  // Errors: write_failed, also for what exists and is no regular file; those of `produce`.
  static Result<NewFile> write(const std::filesystem::path& path,
                               const std::function<Result<void>(const Sink&)>& produce);
  static Result<NewFile> write(const std::filesystem::path& path, std::string_view text);
  // For libraries that insist on opening a file themselves: `produce` gets a path to write to.
  static Result<NewFile> write_by_name(const std::filesystem::path& path,
                                       const std::function<Result<void>(const std::string& name)>& produce);
  const std::filesystem::path& path() const { return path_; }  // where it will be
  int descriptor() const { return file_.get(); }
  Result<std::shared_ptr<const MappedFile>> map() const;  // to read it back. Errors: file_unreadable.

 private:
  NewFile(std::filesystem::path path, Descriptor file) : path_(std::move(path)), file_(std::move(file)) {}
  static Result<NewFile> open(const std::filesystem::path& path);
  Result<void> finish() const;
  std::filesystem::path path_;
  Descriptor file_;
};

// Puts files that belong together in their places: all of them, or on any error none, and the old ones
// are as they were. Processes that publish into the same folder take turns, so the files of two runs never mix. A
// process that is killed in between may leave some files new and others old, each of them whole, and names of the form
// .dsquant-*.tmp, which the next one to publish there removes. Termination signals wait until it is done.
// Errors: write_failed.
Result<void> publish(std::span<const NewFile> files);

// A single file: NewFile and publish().
Result<void> write_file(const std::filesystem::path& path, const std::function<Result<void>(const Sink&)>& produce);
Result<void> write_file(const std::filesystem::path& path, std::string_view text);
Result<void> write_file_by_name(const std::filesystem::path& path,
                                const std::function<Result<void>(const std::string& name)>& produce);

// Whether write_file() could succeed there, asked before long work: the folder exists and takes a file.
Result<void> check_writable(const std::filesystem::path& path);

}  // namespace dsq
