// The report as JUnit XML: a test case for each gate and for the weights of each layer that is held to the limit.
#pragma once

#include <string>

#include "src/report/report.h"

namespace dsq {

// A gate that failed names the three worst layers, what loses there and the flag that mends it.
std::string to_junit(const Report& report);

}  // namespace dsq
