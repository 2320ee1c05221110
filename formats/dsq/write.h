// Writes .dsq files. The layout is in SEMANTICS.md, section 1.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "formats/dsq/model.h"
#include "src/support/file.h"
#include "src/support/result.h"

namespace dsq {

// Replaces the file atomically. The same graph and provenance give the same bytes. Graphs of any stage are taken;
// dead nodes and unused slots are dropped. Errors: write_failed; graph_invalid for a graph with cycles.
Result<void> write_dsq(const Graph& graph, const Provenance& provenance, const std::filesystem::path& path);

// The same, still without its name: to be read back, or published together with other files.
Result<NewFile> prepare_dsq(const Graph& graph, const Provenance& provenance, const std::filesystem::path& path);

// The libraries that decide the stored bytes: "zstd 1.5.4, zlib 1.2.13".
std::string dsq_libraries();

// How many bytes that takes, without writing them.
Result<int64_t> dsq_bytes(const Graph& graph, const Provenance& provenance);

// The same bytes in memory.
Result<std::vector<std::byte>> encode_dsq(const Graph& graph, const Provenance& provenance);

}  // namespace dsq
