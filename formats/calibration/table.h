// Calibration tables: what calibration saw, as JSON, so that it can be saved, merged and used again. Its numbers are whole
// or exact, so the same statistics give the same bytes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/quant/stats.h"
#include "src/support/result.h"

namespace dsq::calibration_table {

struct Table {
  std::string graph;                 // hash of the canonical float graph that was run
  std::string data;                  // SHA-256 of the files of all samples, those of other shards included
  std::string draw;                  // which of them are calibrated on, as options
  std::string preprocess;            // of pictures, in words
  std::vector<std::string> kernels;  // that computed the values; sorted, each once
  int64_t shards = 1;                // the samples were dealt out to so many
  std::vector<int64_t> parts = {1};  // which of them are in it, from 1, ascending
  std::vector<uint64_t> samples;     // the first 8 bytes of each sample's hash, ascending
  std::map<std::pair<std::string, int32_t>, ValueStats> values;  // by name in that graph, and axis

  bool whole() const { return static_cast<int64_t>(parts.size()) == shards; }
};

std::string to_json(const Table& table);
// Errors: calibration_invalid, for anything that to_json() does not write.
Result<Table> parse(std::string_view text);

}  // namespace dsq::calibration_table
