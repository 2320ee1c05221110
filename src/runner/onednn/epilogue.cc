#include "src/runner/onednn/epilogue.h"

#include <cmath>

namespace dsq::onednn {

void append_activation(dnnl::post_ops& ops, const Activation& act) {
  using enum dnnl::algorithm;
  switch (act.kind) {
    case ActKind::none: return;
    case ActKind::clip:
      if (act.a == 0 && std::isinf(act.b)) {
        return ops.append_eltwise(1, eltwise_relu, 0, 0);
      }
      return ops.append_eltwise(1, eltwise_clip, act.a, act.b);
    case ActKind::leaky_relu: return ops.append_eltwise(1, eltwise_relu, act.a, 0);
    case ActKind::hard_sigmoid:
      ops.append_eltwise(1, eltwise_linear, act.a, act.b);
      return ops.append_eltwise(1, eltwise_clip, 0, 1);
    case ActKind::hard_swish: return ops.append_eltwise(1, eltwise_hardswish, 0, 0);
    case ActKind::sigmoid: return ops.append_eltwise(1, eltwise_logistic, 0, 0);
    case ActKind::silu: return ops.append_eltwise(1, eltwise_swish, 1, 0);
    case ActKind::tanh: return ops.append_eltwise(1, eltwise_tanh, 0, 0);
    case ActKind::gelu: return ops.append_eltwise(1, eltwise_gelu_erf, 0, 0);
    case ActKind::gelu_tanh: return ops.append_eltwise(1, eltwise_gelu_tanh, 0, 0);
    case ActKind::elu: return ops.append_eltwise(1, eltwise_elu, act.a, 0);
  }
}

}  // namespace dsq::onednn
