// Comparing graphs by what they are, not by how their values are called or numbered. Inputs and outputs of a graph are
// known by name, everything between them by its structure; names of nodes do not count.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "src/ir/graph.h"

namespace dsq {

// Where two graphs differ first, in words; empty when they are the same. Everything that a graph can hold counts,
// unused nodes and constants too. Constants of `b` in `any` (ParsedGraph::any) equal every constant of their type.
std::string first_difference(const Graph& a, const Graph& b, std::span<const ValueId> any = {});

// Equal for graphs without a first difference.
uint64_t structural_hash(const Graph& graph);

// Operators, attributes and edges, names of inputs and outputs - without types, contents and quantization. Calibration
// and training leave it as it is (rule R3).
uint64_t topology_hash(const Graph& graph);

}  // namespace dsq
