// Files: mapped for reading, replaced atomically for writing.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "src/support/result.h"

namespace dsq {

// A whole file, mapped read-only. Shared, because tensors point into it.
class MappedFile {
 public:
  // Errors: file_unreadable. Directories, devices and pipes are refused; an empty file gives empty bytes.
  static Result<std::shared_ptr<const MappedFile>> open(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return {data_, size_}; }

 private:
  MappedFile(const std::byte* data, size_t size) : data_(data), size_(size) {}
  const std::byte* data_;
  size_t size_;
};

// Writes all of it or nothing: an unnamed temporary file in the same folder (nothing is left behind if the process
// dies), fsync, then a rename over the old file. `produce` calls the sink as often as it likes.
// Errors: write_failed, also for what exists and is no regular file.
using Sink = std::function<Result<void>(std::span<const std::byte>)>;
Result<void> write_file(const std::filesystem::path& path, const std::function<Result<void>(const Sink&)>& produce);
Result<void> write_file(const std::filesystem::path& path, std::string_view text);
// For libraries that insist on opening a file themselves: `produce` gets a path to write to.
Result<void> write_file_by_name(const std::filesystem::path& path,
                                const std::function<Result<void>(const std::string& temporary)>& produce);

// Whether write_file() could succeed there, asked before long work: the folder exists and takes a file.
Result<void> check_writable(const std::filesystem::path& path);

}  // namespace dsq
