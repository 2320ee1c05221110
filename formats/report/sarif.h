// The report as SARIF 2.1.0: what failed as errors, what dsquant warns of as warnings, at the model's file.
#pragma once

#include <string>

#include "src/report/report.h"

namespace dsq {

std::string to_sarif(const Report& report);

}  // namespace dsq
