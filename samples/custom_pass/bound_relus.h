// A pass that is not dsquant's own: see bound_relus.cc.
#pragma once

#include "passes/pass.h"

namespace sample {

dsq::Result<bool> bound_relus(dsq::Graph& graph, dsq::PassContext& context);

inline constexpr dsq::PassDef kBoundRelus = {"bound_relus", "Gives every relu an upper bound of 6.",
                                             dsq::Stage::floating, dsq::Stage::floating, bound_relus};

}  // namespace sample
