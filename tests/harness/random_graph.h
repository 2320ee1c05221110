// Small valid float graphs, made up at random: what exporters write, in any order.
#pragma once

#include "src/ir/graph.h"

namespace dsq::testing {

// The same graph for the same seed. Types are inferred; one to three outputs; some nodes lead nowhere.
Graph random_graph(uint64_t seed);

}  // namespace dsq::testing
