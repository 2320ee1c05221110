// The options that say how samples become a model's inputs, of every command that takes samples.
#pragma once

#include <CLI/CLI.hpp>

#include "src/toolchain/samples.h"

namespace dsq::cli {

// What --data and --inputs take, for their help.
inline constexpr const char* kSampleKinds = ".npz, .npy, idx, pictures or ONNX test data (a folder), or a manifest";

void add_sample_options(CLI::App& app, SampleOptions& options);

void add_seed(CLI::App& app, uint64_t& seed);  // --seed N, from 0

}  // namespace dsq::cli
