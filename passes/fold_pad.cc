// fold_pad: zeros that a pad lays around its input become the padding of the convolution or average pool after it.
#include <algorithm>

#include "passes/match.h"
#include "passes/passes.h"

namespace dsq {
namespace {

// Pads of every axis of the input: all begins, then all ends.
std::optional<Shape> pads_of(const Graph& graph, const Node& pad) {
  const int64_t rank = rank_of(graph, pad.inputs[0]);
  const std::optional<Shape> given = constant_ints(graph, pad.input(1));
  if (rank == kUnknown || !given) {
    return std::nullopt;
  }
  if (!pad.has_input(3)) {
    return static_cast<int64_t>(given->size()) == 2 * rank ? given : std::nullopt;
  }
  const std::optional<Shape> axes = constant_ints(graph, pad.input(3));
  if (!axes || given->size() != 2 * axes->size()) {
    return std::nullopt;
  }
  Shape full(static_cast<size_t>(2 * rank), 0);
  for (size_t i = 0; i < axes->size(); ++i) {
    const int64_t axis = (*axes)[i] + ((*axes)[i] < 0 ? rank : 0);
    if (axis < 0 || axis >= rank) {
      return std::nullopt;
    }
    full[static_cast<size_t>(axis)] = (*given)[i];
    full[static_cast<size_t>(axis + rank)] = (*given)[i + axes->size()];
  }
  return full;
}

// The pads of the window with those of the pad node added: spatial axes only.
std::optional<Shape> widened(const Shape& full, const Shape& present) {
  const size_t rank = full.size() / 2;
  if (rank < 3 || full[0] != 0 || full[1] != 0 || full[rank] != 0 || full[rank + 1] != 0) {
    return std::nullopt;
  }
  Shape out;
  for (size_t half = 0; half < 2; ++half) {
    for (size_t i = 2; i < rank; ++i) {
      const int64_t added = full[half * rank + i];
      if (added < 0) {
        return std::nullopt;
      }
      out.push_back(added + (present.empty() ? 0 : present[out.size()]));
    }
  }
  return out;
}

bool is_explicit(AutoPad mode) { return mode == AutoPad::notset || mode == AutoPad::valid; }

// The attributes of the node after the pad, or why it cannot take the pads.
std::optional<Attrs> padded(const Node& node, const Shape& full, std::string& why) {
  if (node.op == OpKind::conv) {
    ConvAttrs attrs = node.as<ConvAttrs>();
    const std::optional<Shape> pads = widened(full, attrs.auto_pad == AutoPad::valid ? Shape{} : attrs.pads);
    if (!pads || !is_explicit(attrs.auto_pad)) {
      why = pads ? "pads its input automatically" : "can pad spatial axes only, and not cut them";
      return std::nullopt;
    }
    attrs.pads = *pads;
    attrs.auto_pad = AutoPad::notset;
    return attrs;
  }
  PoolAttrs attrs = node.as<PoolAttrs>();
  const bool pads_itself =
      attrs.auto_pad != AutoPad::valid && std::ranges::any_of(attrs.pads, [](int64_t p) { return p != 0; });
  const std::optional<Shape> pads = widened(full, attrs.auto_pad == AutoPad::valid ? Shape{} : attrs.pads);
  if (!pads || !is_explicit(attrs.auto_pad) || attrs.ceil_mode || (pads_itself && !attrs.count_include_pad)) {
    why = pads ? "counts padding of its own differently" : "can pad spatial axes only, and not cut them";
    return std::nullopt;
  }
  attrs.pads = *pads;
  attrs.auto_pad = AutoPad::notset;
  attrs.count_include_pad = true;
  return attrs;
}

struct Match {
  NodeId window;
  Attrs attrs;
};

std::optional<Match> match(const Graph& graph, NodeId id, Diagnostics& diag) {
  const Node& pad = graph.node(id);
  if (pad.op != OpKind::pad) {
    return std::nullopt;
  }
  const std::optional<NodeId> user = sole_user(graph, pad.outputs.front());
  const OpKind op = user ? graph.node(*user).op : OpKind::identity;
  if ((op != OpKind::conv && op != OpKind::avg_pool) || graph.node(*user).inputs[0] != pad.outputs.front()) {
    return std::nullopt;
  }
  const std::optional<double> value = pad.has_input(2) ? constant_scalar(graph, pad.input(2)) : 0.0;
  const std::optional<Shape> full = pads_of(graph, pad);
  std::string why = "pads with zeros, and this one with something else or by amounts that are not constant";
  std::optional<Attrs> attrs;
  if (pad.as<PadAttrs>().mode == PadMode::constant && value == 0.0 && full) {
    attrs = padded(graph.node(*user), *full, why);
  }
  if (!attrs) {
    diag.note(label_of(graph, id),
              fmt::format("stays an operator of its own: '{}' after it {}", label_of(graph, *user), why));
    return std::nullopt;
  }
  return Match{*user, *std::move(attrs)};
}

}  // namespace

Result<bool> fold_pad(Graph& graph, PassContext& context) {
  return rewrite_nodes(graph, context.diag, [&](NodeId id) {
    std::optional<Match> found = match(graph, id, context.diag);
    if (found) {
      const ValueId output = output_of(graph, id);
      graph.set_attrs(found->window, std::move(found->attrs));
      graph.set_input(found->window, 0, graph.node(id).inputs[0]);
      erase_unused(graph, output);
    }
    return found.has_value();
  });
}

}  // namespace dsq
