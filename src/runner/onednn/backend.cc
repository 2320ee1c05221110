#include "src/runner/onednn/backend.h"

#include "src/runner/portable/backend.h"

namespace dsq::onednn {

Result<void> transform(Graph&) { return {}; }
Result<Kernel> prepare(const Graph& graph, NodeId id) { return portable::prepare(graph, id); }

}  // namespace dsq::onednn
