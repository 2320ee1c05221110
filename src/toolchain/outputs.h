// Where results may go: asked before long work, by every command that writes files.
#pragma once

#include <filesystem>
#include <span>
#include <string_view>

#include "src/support/result.h"

namespace dsq {

// `path` is to hold what names of these endings say (".npz", ".npy"); the first one is what is suggested. Names of other
// endings may be anything but those that dsquant knows as something else. Errors: option_conflict.
Result<void> check_output_name(const std::filesystem::path& path, std::span<const std::string_view> endings);

// No output takes the place of what is read: the same file by device and inode, whatever it is called. Errors:
// option_conflict.
Result<void> check_apart(std::span<const std::filesystem::path> read, std::span<const std::filesystem::path> written);

}  // namespace dsq
