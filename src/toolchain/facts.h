// What can be said of a quantized network without running it: how each layer is stored, and what stayed in float.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "src/ir/graph.h"
#include "src/report/report.h"

namespace dsq {

// The layers of the canonical float graph, in execution order, then those of nested graphs, as they are stored in
// `stored`, its twin at the quantized stage: types, granularity and the measured error of the weights against the
// weights that they stand for. Costs are those of inputs of these types.
std::vector<LayerReport> layer_facts(const Graph& reference, const Graph& stored,
                                     const std::vector<TensorType>& inputs);

// How the input of each outermost layer is to be quantized, by the place of the layer among layer_facts().
struct LayerInput {
  size_t layer = 0;
  std::string value;  // in the reference
  QuantSpec spec;
  std::optional<QuantParams> params;  // none: the range is taken at run time
};
std::vector<LayerInput> layer_inputs(const Graph& reference, const Graph& stored);

// What computes in float in the lowered graph and why. `reasons` by node name, from the passes' notes.
std::vector<FloatPart> float_facts(const Graph& lowered, const std::map<std::string, std::string>& reasons);

// The borders between integers and floats in a lowered graph.
struct Seams {
  int64_t conversions = 0;  // quantize, dequantize and dynamic_quantize nodes
  int64_t islands = 0;      // sets of connected operators that compute in float
};
Seams seams_of(const Graph& lowered);

// Why layers stay in float, by node name, from the notes of the passes that decide it.
std::map<std::string, std::string> reasons_of(const Diagnostics& diagnostics);

}  // namespace dsq
