// Kernels of control flow: they run nested graphs with a runner of their own.
#pragma once

#include <memory>
#include <string>

#include "src/ops/limits.h"
#include "src/runner/kernel.h"

namespace dsq {

bool is_control(OpKind op);
// The nested graphs run on the backend of that name, within the budget of the run that they are part of.
Result<Kernel> prepare_control(const Graph& graph, NodeId id, const std::string& backend,
                               const std::shared_ptr<RunBudget>& budget);

}  // namespace dsq
