// What a model holds: operators, parameters, cost and precision by layer.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "src/ir/graph.h"

namespace dsq {

struct LayerFacts {  // one node that multiplies by stored weights, in execution order
  std::string name;
  OpKind op = OpKind::identity;
  TensorType output;
  int64_t macs = 0;          // 0 when shapes are open
  int64_t weights = 0;       // elements
  int64_t weight_bytes = 0;  // in memory, scales not counted
  DType weight_type = DType::f32;
  DType input_type = DType::f32;
  std::string range;  // of an integer input: "calibrated", "run time"; empty for floats
};

struct Inspection {
  std::vector<std::pair<std::string, TensorType>> inputs;
  std::vector<std::pair<std::string, TensorType>> outputs;
  std::vector<std::pair<OpKind, int64_t>> ops;  // most frequent first, nested graphs included
  std::vector<LayerFacts> layers;
  int64_t nodes = 0;
  int64_t parameters = 0;      // elements of float and 8- or 4-bit constants
  int64_t constant_bytes = 0;  // of all constants, in memory
  int64_t macs = 0;
  bool open_shapes = false;  // some cost is not known: --shape settles it
};

Inspection inspect(const Graph& graph);

}  // namespace dsq
