// What stays between integer layers without leaving integers, by the operator's rule (src/ops/op_table.cc), held at 8 bits
// with one scale whatever the precision of the layers:
//
//   same_scale  max_pool chooses among stored integers; operators that move values follow in hoist_markers
//   rescale     add: where integer layers, or operators of this list, make both sides
//   table       functions of one value: of a value that is held at 8 bits anyway, where a layer reads the result as
//               integers; the table gives exactly what the function of the restored value, quantized again, would
//   rescale     averages over windows that always count the same: where all of the input and of the result is integers
//
// What other operators read of sums and of tables is held at 8 bits too, so that the values exist as integers only.
#include <algorithm>

#include "passes/plan_rules.h"
#include "src/ops/op_def.h"
#include "src/ops/window.h"

namespace dsq {
namespace {

bool is_integer_marker(const Graph& graph, NodeId id) {
  if (!is_marker(graph, id)) {
    return false;
  }
  const QuantSpec& spec = *graph.value(graph.node(id).outputs[0]).spec;
  return is_integer(spec.storage) && (spec.range == RangeSource::calibrated || spec.range == RangeSource::fixed);
}

bool is_function(const Graph& graph, const Node& node) {
  const bool bounds_known = std::all_of(node.inputs.begin() + 1, node.inputs.end(), [&](ValueId input) {
    return input == ValueId::none || graph.is_constant(input);
  });
  return op_def(node.op).rule == QuantRule::table && bounds_known &&
         graph.value(node.inputs[0]).type.dtype == DType::f32;
}

// The readers of a value: markers, seen through operators that only move it. `f` gets a reader, and whether only one
// scale in all would reach it.
template <class F>
void for_each_reader(const Graph& graph, ValueId value, bool moved, F f) {
  for (const NodeId id : graph.value(value).users) {
    const Node& user = graph.node(id);
    const bool moves = op_def(user.op).rule == QuantRule::same_scale && user.outputs.size() == 1;
    if (moves && user.inputs[0] == value && !graph.is_output(user.outputs[0])) {
      for_each_reader(graph, user.outputs[0], true, f);
    } else {
      f(id, moved);
    }
  }
}

bool reads_integers(const Graph& graph, NodeId reader, bool moved) {
  return is_integer_marker(graph, reader) &&
         (!moved || graph.value(graph.node(reader).outputs[0]).spec->granularity.axis < 0);
}

bool any_reads_integers(const Graph& graph, ValueId value) {
  bool any = false;
  for_each_reader(graph, value, false,
                  [&](NodeId reader, bool moved) { any = any || reads_integers(graph, reader, moved); });
  return any;
}

bool all_read_integers(const Graph& graph, ValueId value) {
  bool all = !graph.is_output(value) && !graph.value(value).users.empty();
  for_each_reader(graph, value, false,
                  [&](NodeId reader, bool moved) { all = all && reads_integers(graph, reader, moved); });
  return all;
}

class Between {
 public:
  Between(Graph& graph, Markers& markers, std::set<NodeId> integer_nodes)
      : graph_(graph), markers_(markers), integer_nodes_(std::move(integer_nodes)) {}

  void plan() {
    for (const NodeId id : graph_.topo_order()) {
      const OpKind op = graph_.node(id).op;
      if (op == OpKind::max_pool && is_integer_made(graph_.node(id).inputs[0])) {
        integer_nodes_.insert(id);
      } else if (op == OpKind::add) {
        plan_sum(id);
      } else if (is_function(graph_, graph_.node(id))) {
        plan_function(id);
      }
    }
    for (const NodeId id : held_) {
      hold_all_readers(graph_.node(id).outputs[0]);
    }
    for (const NodeId id : graph_.topo_order()) {
      if (average_window(graph_, id)) {
        plan_average(id);
      }
    }
  }

 private:
  bool is_integer_made(ValueId value) const { return integer_nodes_.contains(graph_.value(value).producer); }

  void plan_sum(NodeId id) {
    const Node node = graph_.node(id);
    const std::optional<Shape>& a = graph_.value(node.inputs[0]).type.shape;
    const std::optional<Shape>& b = graph_.value(node.inputs[1]).type.shape;
    const bool images = a && b && a->size() >= 3 && a->size() == b->size();
    if (!images || graph_.is_output(node.outputs[0]) || node.inputs[0] == node.inputs[1] ||
        !is_integer_made(node.inputs[0]) || !is_integer_made(node.inputs[1])) {
      return;
    }
    hold(id);
    for (size_t side = 0; side < 2; ++side) {
      graph_.set_input(id, side, markers_.on(node.inputs[side]));
    }
  }

  void plan_function(NodeId id) {
    const Node& node = graph_.node(id);
    const ValueId x = node.inputs[0];
    const auto is_at_8_bits = [&](NodeId user) {
      return is_integer_marker(graph_, user) && bits_of(graph_.value(graph_.node(user).outputs[0]).spec->storage) == 8;
    };
    const bool is_held = std::ranges::find(held_, graph_.value(x).producer) != held_.end() ||
                         std::ranges::any_of(graph_.value(x).users, is_at_8_bits);
    if (is_held && is_integer_made(x) && !graph_.is_output(node.outputs[0]) &&
        any_reads_integers(graph_, node.outputs[0])) {
      const ValueId y = node.outputs[0];
      hold(id);
      graph_.set_input(id, 0, markers_.on(x));
      if (std::ranges::any_of(graph_.value(y).users, is_at_8_bits)) {
        markers_.on(y);  // a table gives one scale
      }
    }
  }

  // `average` reads x in floats so far, or through the marker of a value that is held.
  void plan_average(NodeId average) {
    const Node& node = graph_.node(average);
    const ValueId x = node.inputs[0];
    if (!is_integer_made(x) || graph_.is_output(x) || !all_read_integers(graph_, node.outputs[0])) {
      return;
    }
    const bool only_integers = std::ranges::all_of(graph_.value(x).users, [&](NodeId user) {
      return is_integer_marker(graph_, user) ||
             (average_window(graph_, user) && all_read_integers(graph_, graph_.node(user).outputs[0]));
    });
    if (only_integers) {
      integer_nodes_.insert(average);
      graph_.set_input(average, 0, markers_.on(x));
    }
  }

  void hold(NodeId id) {
    integer_nodes_.insert(id);
    held_.push_back(id);
  }

  void hold_all_readers(ValueId value) {
    for (const NodeId user : std::vector<NodeId>(graph_.value(value).users)) {
      const Node reader = graph_.node(user);
      if (!reader.alive || reader.op == OpKind::requantize) {
        continue;
      }
      for (size_t i = 0; i < reader.inputs.size(); ++i) {
        if (reader.inputs[i] == value) {
          graph_.set_input(user, i, markers_.on(value));
        }
      }
    }
  }

  Graph& graph_;
  Markers& markers_;
  std::set<NodeId> integer_nodes_;  // whose results can be integers
  std::vector<NodeId> held_;        // sums and functions whose results are integers only
};

bool counts_everywhere(const PoolAttrs& attrs, std::span<const int64_t> spatial) {
  const Result<Window> window = window_of(attrs, spatial);
  return window && std::ranges::all_of(*window, [&](const WindowAxis& axis) {
           const bool padded = axis.pad_begin > 0 || axis.pad_end > 0;
           const int64_t reach = (axis.out - 1) * axis.stride + axis.extent();
           return axis.in != kUnknown && (!padded || attrs.count_include_pad) &&
                  reach <= axis.in + axis.pad_begin + axis.pad_end;
         });
}

}  // namespace

void plan_between(Graph& graph, Markers& markers, std::set<NodeId> integer_nodes) {
  Between(graph, markers, std::move(integer_nodes)).plan();
}

std::optional<PoolAttrs> average_window(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  const std::optional<Shape>& x =
      node.inputs.empty() || node.inputs[0] == ValueId::none ? std::nullopt : graph.value(node.inputs[0]).type.shape;
  if ((node.op != OpKind::avg_pool && node.op != OpKind::reduce_mean) || !x || x->size() < 3) {
    return std::nullopt;
  }
  const std::span<const int64_t> spatial = std::span(*x).subspan(2);
  PoolAttrs attrs;
  if (node.op == OpKind::avg_pool) {
    attrs = node.as<PoolAttrs>();
  } else {
    const Tensor* axes = graph.constant(node.input(1));
    std::set<int64_t> averaged;
    for (const int64_t axis : axes == nullptr ? Shape() : to_ints(*axes)) {
      averaged.insert(axis < 0 ? axis + static_cast<int64_t>(x->size()) : axis);
    }
    const bool all_spatial = averaged.size() == spatial.size() && *averaged.begin() == 2;
    if (!all_spatial || !is_known(Shape(spatial.begin(), spatial.end()))) {
      return std::nullopt;
    }
    attrs.kernel.assign(spatial.begin(), spatial.end());
  }
  // Sums of 8-bit levels have to fit int32.
  const int64_t count = count_of(attrs.kernel);
  const bool fits = count > 0 && count < INT32_MAX / 255;
  return fits && counts_everywhere(attrs, spatial) ? std::optional(attrs) : std::nullopt;
}

}  // namespace dsq
