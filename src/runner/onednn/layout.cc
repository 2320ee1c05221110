// Channels-last regions. Values are visited in topological order; each has up to two forms, N,C,spatial ("first") and
// N,spatial,C ("last"), made from one another by a transpose when somebody needs the missing one.
//
// Convolutions and pools always ask for the last form; operators that do not care take it when their data is in it
// already, with their axes renamed. Everything else asks for the first form.
#include <algorithm>
#include <array>
#include <numeric>

#include "src/ops/infer.h"
#include "src/runner/fold.h"
#include "src/runner/onednn/layout_rules.h"
#include "src/runner/onednn/passes.h"

namespace dsq::onednn {
namespace {

class LayoutPass {
 public:
  explicit LayoutPass(Graph& graph) : graph_(graph), forms_(graph.value_slots()) {
    for (const ValueId id : graph.values()) {
      forms_[static_cast<size_t>(id)] = {id, ValueId::none};
    }
    types_.resize(graph.value_slots());
    params_.resize(graph.value_slots());
    for (const ValueId id : graph.values()) {
      types_[static_cast<size_t>(id)] = graph.value(id).type;
      params_[static_cast<size_t>(id)] = graph.value(id).params;
    }
  }

  void run() {
    for (const NodeId id : graph_.topo_order()) {
      visit(id);
    }
    restore_outputs();
    drop_dead(graph_);
  }

 private:
  struct Forms {
    ValueId first = ValueId::none;
    ValueId last = ValueId::none;
  };

  Forms& forms(ValueId id) { return forms_[static_cast<size_t>(id)]; }
  const TensorType& type(ValueId id) const { return types_[static_cast<size_t>(id)]; }
  int64_t rank(ValueId id) const { return type(id).rank(); }
  bool is_last(ValueId id) const {
    return id != ValueId::none && forms_[static_cast<size_t>(id)].last != ValueId::none && !graph_.is_constant(id);
  }

  // A copy of `from` under another order of axes; a reshape when no element moves.
  ValueId permuted(ValueId from, const Shape& perm, const std::string& name) {
    const Value source = graph_.value(from);
    const Shape& shape = *source.type.shape;
    Shape result;
    Shape moving;  // the axes longer than 1, in their new order
    for (const int64_t axis : perm) {
      result.push_back(shape[static_cast<size_t>(axis)]);
      if (result.back() != 1) {
        moving.push_back(axis);
      }
    }
    const bool is_view =
        is_known(shape) && std::ranges::is_sorted(moving) && std::ranges::find(shape, 0) == shape.end();
    const NodeId node =
        is_view ? graph_.add_node(OpKind::reshape, name, ReshapeAttrs{},
                                  {from, graph_.add_constant(name + "_shape", Tensor::ints(result))}, {name})
                : graph_.add_node(OpKind::transpose, name, PermAttrs{perm}, {from}, {name});
    const ValueId made = graph_.node(node).outputs[0];
    graph_.set_type(made, {source.type.dtype, result});
    return made;
  }

  ValueId as_first(ValueId id) {
    Forms& own = forms(id);
    if (own.first == ValueId::none) {
      own.first = permuted(own.last, perm_to_first(rank(id)), graph_.value(own.last).name + "_channels_first");
      graph_.set_params(own.first, moved_params(graph_.value(own.last).params, axis_from_last, rank(id)));
    }
    return own.first;
  }

  ValueId as_last(ValueId id) {
    Forms& own = forms(id);
    if (own.last != ValueId::none) {
      return own.last;
    }
    const Value source = graph_.value(own.first);
    if (source.constant) {
      own.last = graph_.add_constant(source.name + "_channels_last", permute(*source.constant, perm_to_last(rank(id))));
    } else if (const ValueId before = transposed_from(own.first); before != ValueId::none) {
      own.last = before;
      return own.last;
    } else {
      own.last = permuted(own.first, perm_to_last(rank(id)), source.name + "_channels_last");
    }
    graph_.set_params(own.last, moved_params(source.params, axis_to_last, rank(id)));
    return own.last;
  }

  // The input of a transpose from channels-last data, when `id` is its result.
  ValueId transposed_from(ValueId id) const {
    const NodeId producer = graph_.value(id).producer;
    if (producer == NodeId::none || graph_.node(producer).op != OpKind::transpose || graph_.value(id).params) {
      return ValueId::none;
    }
    const Node& node = graph_.node(producer);
    return node.as<PermAttrs>().perm == perm_to_first(rank(id)) ? node.inputs[0] : ValueId::none;
  }

  void visit(NodeId id) {
    const Node node = graph_.node(id);
    if (node.op == OpKind::transpose && is_last(node.inputs[0])) {
      visit_transpose(id);
      return;
    }
    const std::vector<TensorType> in = types_of(node.inputs);
    const std::vector<TensorType> out = types_of(node.outputs);
    const bool any_last = std::ranges::any_of(node.inputs, [&](ValueId v) { return is_last(v); });
    std::vector<std::optional<QuantParams>> params;
    for (const ValueId input : node.inputs) {
      params.push_back(input == ValueId::none ? std::nullopt : params_[static_cast<size_t>(input)]);
    }
    const NodeView view{graph_, node, in, out, params};
    if (wants_last(view) || (any_last && is_last(main_input(node)))) {
      const std::optional<Renamed> renamed = renamed_for_last(view);
      if (renamed && last_forms_known(node, *renamed)) {
        rewrite(id, *renamed);
        return;
      }
    }
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      if (node.inputs[i] != ValueId::none && node.inputs[i] != as_first(node.inputs[i])) {
        graph_.set_input(id, i, as_first(node.inputs[i]));
      }
    }
  }

  bool last_forms_known(const Node& node, const Renamed& renamed) const {
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      if (node.inputs[i] != ValueId::none && renamed.inputs[i] == InputForm::last && !type(node.inputs[i]).known()) {
        return false;
      }
    }
    return true;
  }

  // For elementwise operators any input may decide; it must have the result's rank.
  ValueId main_input(const Node& node) const {
    for (const ValueId input : node.inputs) {
      if (is_last(input)) {
        return input;
      }
    }
    return node.input(0);
  }

  std::vector<TensorType> types_of(const std::vector<ValueId>& ids) const {
    std::vector<TensorType> types;
    for (const ValueId id : ids) {
      types.push_back(id == ValueId::none ? TensorType{} : type(id));
    }
    return types;
  }

  void rewrite(NodeId id, const Renamed& renamed) {
    const Node node = graph_.node(id);
    std::vector<ValueId> inputs = node.inputs;
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (inputs[i] == ValueId::none) {
        continue;
      }
      switch (renamed.inputs[i]) {
        case InputForm::last: inputs[i] = as_last(inputs[i]); break;
        case InputForm::first: inputs[i] = as_first(inputs[i]); break;
        case InputForm::replaced:
          inputs[i] = graph_.add_constant(graph_.value(inputs[i]).name + "_channels_last", *renamed.constants[i]);
          break;
      }
    }
    graph_.set_inputs(id, std::move(inputs));
    graph_.set_attrs(id, renamed.attrs);
    for (const ValueId output : node.outputs) {
      if (output == ValueId::none || !renamed.result_is_last || rank(output) < 3) {
        continue;
      }
      forms(output) = {ValueId::none, output};
      graph_.set_params(output, moved_params(graph_.value(output).params, axis_to_last, rank(output)));
      Shape shape;
      for (const int64_t axis : perm_to_last(rank(output))) {
        shape.push_back((*type(output).shape)[static_cast<size_t>(axis)]);
      }
      graph_.set_type(output, {type(output).dtype, shape});
    }
  }

  // A transpose of channels-last data reads it where it lies. Often nothing is left to do.
  void visit_transpose(NodeId id) {
    const Node node = graph_.node(id);
    const ValueId source = node.inputs[0];
    const auto r = rank(source);
    Shape perm = node.as<PermAttrs>().perm;
    if (perm.empty()) {
      perm.resize(static_cast<size_t>(r));
      std::iota(perm.rbegin(), perm.rend(), int64_t{0});
    }
    bool same = true;
    for (size_t i = 0; i < perm.size(); ++i) {
      perm[i] = axis_to_last(perm[i] < 0 ? perm[i] + r : perm[i], r);
      same = same && perm[i] == static_cast<int64_t>(i);
    }
    const ValueId last = forms(source).last;
    graph_.set_input(id, 0, last);
    if (same && !graph_.is_output(node.outputs[0])) {
      forms(node.outputs[0]) = {last, ValueId::none};  // the node is dead now
    }
    graph_.set_attrs(id, PermAttrs{perm});
  }

  void restore_outputs() {
    std::vector<ValueId> outputs = graph_.outputs();
    for (ValueId& output : outputs) {
      if (forms(output).first == output) {
        continue;
      }
      const ValueId first = as_first(output);
      const std::string name = graph_.value(output).name;
      graph_.rename(output, name + "_channels_last");
      graph_.rename(first, name);
      output = first;
    }
    graph_.set_outputs(std::move(outputs));
  }

  Graph& graph_;
  std::vector<Forms> forms_;                        // by original ValueId
  std::vector<TensorType> types_;                   // by original ValueId, in the first form
  std::vector<std::optional<QuantParams>> params_;  // likewise
};

}  // namespace

Result<void> choose_layouts(Graph& graph) {
  LayoutPass(graph).run();
  return {};
}

}  // namespace dsq::onednn
