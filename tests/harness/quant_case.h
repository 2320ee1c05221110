// Settings of a case that concern quantization, and what a quantized graph means in floats.
//
//   // recipe: weights=int8 act=int4 calibrated keep=conv*=fp16 edges_at_act max_weight_error=0.01
//   // stats: x=[-1,3] h=[0,1][0,2][0,0]     the range of a whole value, or of each channel, spread evenly over its bins
//   // stats: observed                       seen while the planned graph runs on seeded inputs
#pragma once

#include <string>

#include "src/ir/graph.h"
#include "src/quant/recipe.h"
#include "src/quant/stats.h"
#include "src/support/result.h"

namespace dsq::testing {

Result<Recipe> read_recipe(const std::string& text);           // errors: text_syntax
Result<CalibrationTable> read_stats(const std::string& text);  // errors: text_syntax

// What calibration sees when the planned graph runs on seeded_inputs of `seeds` seeds from 1 on.
Result<CalibrationTable> observe_stats(const Graph& planned, uint64_t seeds);

// The float graph that a graph at the stage `quantized` stands for: markers with scales round to their levels, stored
// weights are the reals they mean, less the scales of input channels that they absorbed. Ranges taken at run time stay
// unrounded.
Graph simulated(const Graph& quantized);

}  // namespace dsq::testing
