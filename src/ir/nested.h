// The graphs within a node: the branches of if_else, the body of loop.
#pragma once

#include <type_traits>
#include <vector>

#include "src/ir/graph.h"

namespace dsq {

// In the order of the attributes, to read or to replace: GraphRef of attributes that may change, else const GraphRef.
template <class SomeAttrs>
auto nested_graphs(SomeAttrs& attrs) {
  using Ref = std::conditional_t<std::is_const_v<SomeAttrs>, const GraphRef, GraphRef>;
  std::vector<Ref*> nested;
  visit_fields(attrs, [&](std::string_view, auto& member) {
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(member)>, GraphRef>) {
      nested.push_back(&member);
    }
  });
  return nested;
}

}  // namespace dsq
