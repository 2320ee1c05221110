// Fused activations and additions as oneDNN post-operations.
#pragma once

#include "src/ir/attrs.h"
#include "src/runner/onednn/primitive.h"

namespace dsq::onednn {

void append_activation(dnnl::post_ops& ops, const Activation& act);

}  // namespace dsq::onednn
