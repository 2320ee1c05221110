// Features that a file may require of its reader (Model.required), and limits that writer and reader share.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace dsq {

inline constexpr std::string_view kFeaturePacked = "packed_bits";   // Tensor.bits
inline constexpr std::string_view kFeatureLevels = "level_tables";  // QuantParams.levels
inline constexpr std::string_view kFeatureZstd = "zstd";            // Tensor.zstd
inline constexpr auto kFeatures = std::to_array<std::string_view>({kFeaturePacked, kFeatureLevels, kFeatureZstd});

inline constexpr size_t kSmallTensor = 64;  // bytes; such tensors lie in the metadata
inline constexpr int kMaxNesting = 8;       // graphs within graphs
inline constexpr size_t kMaxRank = 32;

}  // namespace dsq
