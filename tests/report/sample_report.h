// Reports made up for the tests: believable figures of a residual network, from a seed.
#pragma once

#include "src/report/report.h"

namespace dsq::sample {

// `layers` layers, everything measured, data given.
Report full(int layers);
// Without data, shapes, gates or diagnostics: every optional is empty.
Report bare(int layers);
// Every text is markup, control characters, broken UTF-8 or very long, and numbers are NaN, infinite or negative.
Report hostile();

}  // namespace dsq::sample
