// Reads .dsq files. Nothing is trusted before it has been checked: sizes, hashes, every index and name, shapes, and at
// last the graph itself. Working memory stays in proportion to the file, whatever it claims.
#pragma once

#include <filesystem>
#include <memory>
#include <span>

#include "formats/dsq/model.h"
#include "src/support/file.h"
#include "src/support/result.h"

namespace dsq {

// The constants' bytes stay in the mapped file. Errors: file_unreadable; not_a_model for another kind of file;
// dsq_corrupt when bytes do not match their hash or the file is cut off; dsq_newer; dsq_invalid.
Result<DsqModel> read_dsq(const std::filesystem::path& path);
Result<DsqModel> read_dsq(std::shared_ptr<const MappedFile> file);

// The same from memory that `owner` keeps alive; bytes must be aligned to 64. Without `verified`, what the file holds
// is checked, but not whether it is a graph that could run: for tests and for looking at broken graphs.
Result<DsqModel> decode_dsq(std::span<const std::byte> bytes, std::shared_ptr<const void> owner, bool verified = true);

}  // namespace dsq
