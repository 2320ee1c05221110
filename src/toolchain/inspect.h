// What a model holds: operators, parameters, cost and precision by layer.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "src/ir/graph.h"
#include "src/quant/recipe.h"
#include "src/support/diagnostics.h"
#include "src/support/result.h"
#include "src/toolchain/facts.h"

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
  std::string plan;   // what quantizing would make of it, or why it would stay as it is; empty where that is not asked
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
  int64_t integer_macs = 0;          // of those, computed in integers
  std::vector<std::string> assumed;  // "x [1,3,8,8]": inputs with open dimensions, counted with 1 for each
  bool open_shapes = false;          // some cost is not known even so: --shape settles it
  std::optional<Seams> seams;        // of a lowered graph
};

Inspection inspect(const Graph& graph);

// The layers of the float graph's canonical form, with what quantizing would make of them. Errors: those of the passes;
// selector_unmatched.
Result<std::vector<LayerFacts>> plan_layers(const Graph& graph, const Recipe& recipe, Diagnostics& diagnostics);

}  // namespace dsq
