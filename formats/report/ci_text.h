// What the files for CI say alike.
#pragma once

#include <string>
#include <vector>

#include "src/report/report.h"

namespace dsq {

std::string layer_name(const LayerReport& layer);  // "(no name)" where it has none
// The three layers that lose most by themselves, whether or not they are thought worth mending.
std::vector<const LayerReport*> three_worst(const Report& report);
// "worst layers:\n  conv3: output SQNR 12.1 dB; 16 levels ...; --keep 'conv3=int8'\n"; empty without layers.
std::string worst_layers_text(const Report& report);
std::string noise_text(
    const LayerReport& layer);  // "input SQNR 12.1 dB, output SQNR 11.0 dB", or what else was measured

}  // namespace dsq
