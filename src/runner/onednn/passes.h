// How the onednn backend reshapes a graph before it chooses kernels; for backend.cc only.
#pragma once

#include "src/ir/graph.h"
#include "src/support/result.h"

namespace dsq::onednn {

// fuse.cc: residual additions and activations move into float convolutions and linear layers.
Result<void> fuse_epilogues(Graph& graph);

// layout.cc: convolutions, pools and what lies between them work on channels-last data; transposes stand only where
// such a region begins or ends. Outputs keep their names and their layout.
Result<void> choose_layouts(Graph& graph);

}  // namespace dsq::onednn
