// Reads the text form that print.h describes.
#pragma once

#include <string_view>
#include <vector>

#include "src/ir/graph.h"
#include "src/support/result.h"

namespace dsq {

struct ParsedGraph {
  Graph graph;
  std::vector<ValueId> any;  // constants written as `any`; zeros in the graph
};

// Errors: text_syntax, with line and column.
Result<ParsedGraph> parse_text(std::string_view text);
Result<Graph> parse(std::string_view text);  // `any` is a syntax error here

}  // namespace dsq
