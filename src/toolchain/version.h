#pragma once

#include <string_view>

namespace dsq {

inline constexpr std::string_view kToolVersion = "dsquant 0.1.0";

}  // namespace dsq
