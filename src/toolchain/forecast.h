// What quantization would give, without running it through: the dry run.
#pragma once

#include "src/toolchain/inputs.h"
#include "src/toolchain/quantize.h"

namespace dsq {

// How many samples' ranges stand for those of all data, at least; more of them where samples are cheap. What others
// would add moves the weights, and with them the size of the file, by fractions of a percent.
inline constexpr int64_t kForecastSamples = 8;
Result<int64_t> forecast_samples(const Graph& reference, const Dataset& data);

// Whether quantizing will fit into options.max_memory, where that is given; a limit that the machine sets is not asked
// for, since the estimate is no more than that. Errors: out_of_memory.
Result<void> check_needed_memory(const Graph& reference, const Inputs& inputs, int64_t file_bytes,
                                 const QuantizeOptions& options);

// Fills the sizes and the memory of `done`, which is lowered but neither compared nor written. `calibrated`: some ranges
// depend on the data. Errors: labels_mismatch.
Result<void> foretell(Quantized& done, const Inputs& inputs, bool calibrated, const QuantizeOptions& options);

}  // namespace dsq
