// bound_relus: relu(x) becomes clip(x, 0, 6). An unbounded range has outliers that leave the other values few of the 16
// levels that 4 bits have; networks that were trained with such a bound (ReLU6) quantize better.
#include "samples/custom_pass/bound_relus.h"

#include "passes/match.h"

namespace sample {
namespace {

constexpr float kBound = 6.0F;

}  // namespace

dsq::Result<bool> bound_relus(dsq::Graph& graph, dsq::PassContext& context) {
  int bounded = 0;
  const bool changed = dsq::rewrite_nodes(graph, context.diag, [&](dsq::NodeId id) {
    const dsq::Node node = graph.node(id);  // a copy: the edits below may move nodes
    if (node.op != dsq::OpKind::relu || !dsq::is_f32(graph, node.input(0))) {
      return false;
    }
    const auto bound = [&](const char* name, float value) {
      return graph.add_constant(graph.unique_name(node.name + name), dsq::Tensor::of<float>({}, {value}));
    };
    const dsq::ValueId low = bound(".low", 0.0F);
    const dsq::ValueId high = bound(".high", kBound);
    dsq::replace_value(graph, dsq::output_of(graph, id), dsq::OpKind::clip, node.name, dsq::NoAttrs{},
                       {node.input(0), low, high});
    ++bounded;
    return true;
  });
  context.diag.note("", fmt::format("{} functions bounded to [0, {}]", bounded, kBound));
  return changed;
}

}  // namespace sample
