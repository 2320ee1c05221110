// What can be said of a quantized network without running it: how each layer is stored, and what stayed in float.
#pragma once

#include <deque>
#include <map>
#include <optional>
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
  std::string marked;                 // the value's name in the stored twin, as calibration knows it
};
std::vector<LayerInput> layer_inputs(const Graph& reference, const Graph& stored);

// Why layers stay in float, from the notes of the passes that decide it: by the node's name, or its output's where it has
// none. Where names repeat, in the order of the nodes.
class Reasons {
 public:
  explicit Reasons(const Diagnostics& diagnostics);
  // The next one for a layer of this label, which is gone then.
  std::optional<std::string> take(const std::string& label);

 private:
  std::map<std::string, std::deque<std::string>> by_label_;
};

// What computes in float in the lowered graph and why.
std::vector<FloatPart> float_facts(const Graph& lowered, Reasons reasons);

// The borders between integers and floats in a lowered graph.
struct Seams {
  int64_t conversions = 0;  // quantize, dequantize and dynamic_quantize nodes
  int64_t islands = 0;      // sets of connected operators that compute in float
};
Seams seams_of(const Graph& lowered);

}  // namespace dsq
