// What `quantize --dry-run` prints.
#pragma once

#include <string>

#include "cli/console.h"
#include "src/toolchain/inputs.h"
#include "src/toolchain/quantize.h"

namespace dsq::cli {

std::string forecast_text(const Quantized& done, const OutputPaths& files);
Json forecast_json(const Quantized& done, const OutputPaths& files);  // the report, and `forecast`

}  // namespace dsq::cli
