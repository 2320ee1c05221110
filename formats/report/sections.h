// The parts of the page, in the order in which they stand on it. Each gives the inside of its <section>; where nothing
// was measured it gives a sentence that says why and what to pass.
#pragma once

#include <string>

#include "src/report/report.h"

namespace dsq::page {

std::string verdict(const Report& report);      // sections_verdict.cc: headline, key figures, gates
std::string losses(const Report& report);       // sections_loss.cc: what is lost, worst samples, classes
std::string plans(const Report& report);        // sections_plan.cc: how precisions were mixed
std::string sizes(const Report& report);        // sections_size.cc
std::string memory(const Report& report);       // sections_size.cc
std::string errors(const Report& report);       // sections_error.cc: by layer
std::string worst(const Report& report);        // sections_error.cc: causes and flags
std::string outputs(const Report& report);      // sections_error.cc: float against quantized
std::string floats(const Report& report);       // sections_detail.cc: what stayed in float
std::string layer_table(const Report& report);  // layer_table.cc
std::string diagnostics(const Report& report);  // sections_detail.cc
std::string provenance(const Report& report);   // sections_detail.cc: versions, hashes, times

// "No data was given, so ...; pass --data x.npz."
std::string empty_note(const std::string& sentence);

}  // namespace dsq::page
