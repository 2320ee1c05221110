// Which samples ranges are calibrated on, and which ones the result is measured on.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/data/dataset.h"

namespace dsq {

struct Split {
  std::vector<int64_t> calibration;  // ascending
  std::vector<int64_t> evaluation;   // ascending; empty: they cannot be parted
  int64_t unused = 0;                // samples over, where the model's batch is fixed
  std::string reason;                // why they cannot be parted
};

inline constexpr int64_t kFewestSamples = 4;  // that are parted

// A share of the samples, in (0, 1), drawn by the seed, is kept for evaluation; samples with the same bytes stay on one
// side. Both sides get whole batches where the model's batch is fixed. Reads all bytes once. Errors: those of reading.
Result<Split> split_samples(const Dataset& data, double share, uint64_t seed);

// Of the bytes of every sample. Reads them all once. Errors: those of reading.
Result<std::vector<Digest>> digests_of(const Dataset& data);
// The first 8 bytes, which tell samples apart well enough.
uint64_t short_digest(const Digest& digest);

// The samples of `data` whose bytes are in `others` too, ascending. Reads all bytes of both once. Errors: those of reading.
Result<std::vector<int64_t>> shared_samples(const Dataset& data, const Dataset& others);

}  // namespace dsq
