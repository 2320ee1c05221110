// The report as Markdown, for a job's summary: the verdict, gates, what is lost, the worst layers and samples.
#pragma once

#include <string>

#include "src/report/report.h"

namespace dsq {

std::string to_markdown(const Report& report);

}  // namespace dsq
