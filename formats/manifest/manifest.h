// A manifest: which files make each sample, and its label.
//
// JSON lines: {"image": "a.jpg", "label": 3}, one sample a line. CSV: a line of names, then one sample a line; values
// with commas or quotes stand in quotes. A byte order mark in front is passed over.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "src/support/result.h"

namespace dsq::manifest {

struct Manifest {
  std::vector<std::string> inputs;                        // names, in the order of their first use
  std::vector<std::vector<std::filesystem::path>> files;  // for each of them, one for each sample; not yet opened
  std::vector<int64_t> labels;                            // one for each sample, or none
};

// Paths are relative to `folder`, that of the manifest. Errors: data_unreadable, naming the line: no names, another
// number of values than names, a file that is missing from a line, a label that is no whole number, labels of some
// samples only.
Result<Manifest> parse(std::string_view text, const std::filesystem::path& folder);

}  // namespace dsq::manifest
