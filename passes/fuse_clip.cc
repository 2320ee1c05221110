// fuse_clip: minima and maxima with constants, and clips of clips, become one clip; a clip to [0, inf] is a relu.
//
//   min(max(x, 0), 6)  ->  clip(x, 0, 6)
#include <algorithm>
#include <limits>

#include "passes/match.h"
#include "passes/passes.h"

namespace dsq {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Clip {
  ValueId x = ValueId::none;
  double low = -kInfinity;
  double high = kInfinity;
};

std::optional<Clip> clip_of(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  if (node.outputs.size() != 1 || !is_f32(graph, node.outputs.front())) {
    return std::nullopt;
  }
  if (node.op == OpKind::relu) {
    return Clip{node.inputs[0], 0, kInfinity};
  }
  if (node.op == OpKind::clip) {
    const std::optional<double> low = node.has_input(1) ? constant_scalar(graph, node.input(1)) : -kInfinity;
    const std::optional<double> high = node.has_input(2) ? constant_scalar(graph, node.input(2)) : kInfinity;
    return low && high && *low <= *high ? std::optional<Clip>({node.inputs[0], *low, *high}) : std::nullopt;
  }
  if (node.op != OpKind::min && node.op != OpKind::max) {
    return std::nullopt;
  }
  const std::optional<ConstantOperand> operand = constant_operand(graph, id);
  if (!operand || !is_scalar_for(*operand->constant, rank_of(graph, operand->variable))) {
    return std::nullopt;
  }
  const double bound = element(*operand->constant, 0);
  return node.op == OpKind::max ? Clip{operand->variable, bound, kInfinity}
                                : Clip{operand->variable, -kInfinity, bound};
}

// The clip that a node and the one before it amount to.
std::optional<Clip> match(const Graph& graph, NodeId id) {
  std::optional<Clip> clip = clip_of(graph, id);
  if (!clip) {
    return std::nullopt;
  }
  const NodeId before = graph.value(clip->x).producer;
  const std::optional<Clip> first =
      before != NodeId::none && sole_user(graph, clip->x) ? clip_of(graph, before) : std::nullopt;
  if (first) {
    return Clip{first->x, std::clamp(first->low, clip->low, clip->high),
                std::clamp(first->high, clip->low, clip->high)};
  }
  const OpKind op = graph.node(id).op;
  const bool is_relu = clip->low == 0 && clip->high == kInfinity;
  const bool settled = op == OpKind::relu || (op == OpKind::clip && !is_relu);
  return settled ? std::nullopt : clip;
}

void rewrite(Graph& graph, NodeId id, const Clip& clip) {
  const std::string name = graph.node(id).name;
  const std::string base = label_of(graph, id);
  const ValueId output = output_of(graph, id);
  if (clip.low == 0 && clip.high == kInfinity) {
    replace_value(graph, output, OpKind::relu, name, NoAttrs{}, {clip.x});
    return;
  }
  const auto bound = [&](double value, const char* which) {
    return std::abs(value) == kInfinity ? ValueId::none
                                        : graph.add_constant(base + which, Tensor::scalar(static_cast<float>(value)));
  };
  std::vector<ValueId> inputs = {clip.x, bound(clip.low, ".min"), bound(clip.high, ".max")};
  while (inputs.back() == ValueId::none) {
    inputs.pop_back();
  }
  replace_value(graph, output, OpKind::clip, name, NoAttrs{}, std::move(inputs));
}

}  // namespace

Result<bool> fuse_clip(Graph& graph, PassContext& context) {
  return rewrite_nodes(graph, context.diag, [&](NodeId id) {
    const std::optional<Clip> clip = match(graph, id);
    if (clip) {
      rewrite(graph, id, *clip);
    }
    return clip.has_value();
  });
}

}  // namespace dsq
