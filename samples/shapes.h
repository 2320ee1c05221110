// Labelled pictures drawn by the repository itself: one geometric shape each, turned, scaled and coloured at random,
// over a background with clutter, partly covered, with noise. Same seed, same pictures.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace dsq::sample {

inline constexpr int64_t kClasses = 12;
inline constexpr int64_t kChannels = 3;
inline constexpr int64_t kSide = 32;
inline constexpr int64_t kPixels = kChannels * kSide * kSide;  // values of one picture

struct Pictures {
  std::vector<float> values;    // [count, kChannels, kSide, kSide], about -2 to 2
  std::vector<int64_t> labels;  // [count], 0 to kClasses - 1; picture i has label i % kClasses
};

// The seeds of the three disjoint sets.
inline constexpr uint64_t kTrainSeed = 1;
inline constexpr uint64_t kCalibrationSeed = 2;
inline constexpr uint64_t kTestSeed = 3;

Pictures draw_pictures(uint64_t seed, int64_t count);
std::string_view class_name(int64_t label);

}  // namespace dsq::sample
