// What a .dsq file holds besides its bytes.
#pragma once

#include <cstdint>
#include <string>

#include "src/ir/graph.h"

namespace dsq {

inline constexpr uint32_t kDsqVersion = 1;  // of the schema's meaning (SEMANTICS.md)

// Where a model comes from. Holds no paths and no times, so that the same input gives the same bytes.
struct Provenance {
  std::string tool{};           // "dsquant 0.1.0"
  std::string source_name{};    // folders are cut off on writing
  std::string source_sha256{};  // hexadecimal
  std::string producer{};
  int64_t opset = 0;
  std::string options{};      // canonical: "--weights int8 --act int4"
  std::string data_sha256{};  // empty without data
  int64_t data_samples = 0;
  std::string libraries{};  // that decided bytes: "zstd 1.5.4, zlib 1.2.13"; empty in files of old writers
  bool operator==(const Provenance&) const = default;
};

// Bytes of the file by what they are for; tensors that are stored once count once. The sum is the file's size.
struct DsqParts {
  int64_t integers = 0;  // weights and tables of at most 8 bits
  int64_t scales = 0;    // scales, and the factors and offsets of integer operators
  int64_t fp16 = 0;
  int64_t floats = 0;    // other fp32 and fp64 constants
  int64_t metadata = 0;  // graph, header, shapes and other index constants, padding
  int64_t total() const { return integers + scales + fp16 + floats + metadata; }
};

struct DsqModel {
  Graph graph;  // compacted
  Provenance provenance;
  DsqParts parts;
};

}  // namespace dsq
