// NumPy's .npy and .npz files.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "src/ir/tensor.h"
#include "src/support/result.h"

namespace dsq::npy {

using NamedTensors = std::vector<std::pair<std::string, Tensor>>;

// One array (.npy) or all arrays (.npz) of a file; the name of a single array is empty. Little-endian numbers and
// booleans, either memory order. The values of a .npy file stay mapped. Errors: file_unreadable, data_unreadable (pickled objects, damage).
Result<NamedTensors> read(const std::filesystem::path& path);

// One array, from the bytes of a .npy file. Errors: data_unreadable.
Result<Tensor> parse(std::span<const std::byte> bytes);

// A .npz of stored (uncompressed) arrays. bf16, i4 and u4, which NumPy does not have, are widened. Errors: write_failed.
Result<void> write_npz(const std::filesystem::path& path, const NamedTensors& arrays);

// A single array as .npy; the same bytes as an entry of write_npz. Errors: write_failed.
Result<void> write_npy(const std::filesystem::path& path, const Tensor& array);

}  // namespace dsq::npy
