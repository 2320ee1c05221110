// The options that say how samples become a model's inputs, of every command that takes samples.
#pragma once

#include <CLI/CLI.hpp>

#include "src/toolchain/quantize.h"

namespace dsq::cli {

// What --data and --inputs take, for their help.
inline constexpr const char* kSampleKinds = ".npz, .npy, idx, pictures or ONNX test data (a folder), or a manifest";

void add_sample_options(CLI::App& app, SampleOptions& options);

// Which samples are calibrated on and which are measured on: --eval-data, --eval-fraction, --seed.
void add_split(CLI::App& app, QuantizeOptions& job);

}  // namespace dsq::cli
