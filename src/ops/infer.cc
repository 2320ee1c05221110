#include "src/ops/infer.h"

#include <algorithm>
#include <cmath>

#include "src/ops/infer_fns.h"
#include "src/ops/limits.h"
#include "src/support/strings.h"

namespace dsq {
namespace {

std::optional<Ints> ints_of(const Graph& graph, ValueId id, const KnownInts& known) {
  const Tensor* constant = graph.constant(id);
  const bool small_ints = constant != nullptr && constant->rank() <= 1 && constant->count() <= kMaxKnownInts &&
                          (constant->dtype() == DType::i64 || constant->dtype() == DType::i32);
  return small_ints ? std::optional<Ints>(ints_in(*constant)) : known[static_cast<size_t>(id)];
}

// Dimensions that no memory holds are refused before anything multiplies them.
Result<void> check_size(const TensorType& type) {
  if (!type.shape) {
    return {};
  }
  if (type.shape->size() > kMaxDims) {
    return fail(Code::shape_mismatch, "the result would have {} dimensions; {} are supported", type.shape->size(),
                kMaxDims);
  }
  Shape known = *type.shape;
  std::ranges::replace(known, kUnknown, int64_t{1});
  if (!checked_count(known)) {
    return fail(Code::out_of_memory, "the result would be {}", text_of(type));
  }
  return {};
}

}  // namespace

Ints ints_in(const Tensor& tensor) {
  Ints ints = to_ints(tensor);
  std::ranges::replace(ints, kAnyInt, kAnyInt + 1);
  return ints;
}

const Ints* InferContext::known_ints(size_t i) const {
  const Ints* found = ints(i);
  return found != nullptr && std::ranges::find(*found, kAnyInt) == found->end() ? found : nullptr;
}

void InferContext::set(size_t output, DType dtype, std::optional<Shape> shape) {
  if (output < outputs_.size()) {
    outputs_[output] = {dtype, std::move(shape)};
  }
}

namespace {

// NaN among the attributes computes nothing, and equals nothing, not even itself.
Result<void> check_numbers(const Node& node) {
  Result<void> status;
  visit_fields(node.attrs, [&](std::string_view name, const auto& field) {
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(field)>, float>) {
      if (std::isnan(field)) {
        status = fail(Code::attribute_invalid, "attribute '{}' is NaN", name);
      }
    }
  });
  return status;
}

}  // namespace

Result<void> infer_node(InferContext& context) {
  const Node& node = context.node();
  const OpDef& def = op_def(node.op);
  const auto inputs = static_cast<int>(node.inputs.size());
  const auto outputs = static_cast<int>(node.outputs.size());
  Result<void> status;
  if (inputs < def.min_inputs || (def.max_inputs >= 0 && inputs > def.max_inputs)) {
    status =
        fail(Code::graph_invalid, "{} takes {}, not {}", name_of(node.op), plural(def.min_inputs, "input"), inputs);
  } else if (outputs < def.min_outputs || (def.max_outputs >= 0 && outputs > def.max_outputs)) {
    status =
        fail(Code::graph_invalid, "{} has {}, not {}", name_of(node.op), plural(def.min_outputs, "output"), outputs);
  } else {
    for (int i = 0; status && i < def.min_inputs; ++i) {
      if (!context.has(static_cast<size_t>(i))) {
        status = fail(Code::graph_invalid, "{} lacks its input {}", name_of(node.op), i);
      }
    }
    if (status) {
      status = check_numbers(node);
    }
    if (status) {
      status = infer::integer_operands(context);
    }
    if (status) {
      status = infer::float_operands(context);
    }
    if (status) {
      status = def.infer(context);
    }
    for (size_t i = 0; status && i < context.outputs().size(); ++i) {
      status = check_size(context.outputs()[i]);
    }
  }
  if (!status) {
    return std::move(status).error().with(std::string(name_of(node.op))).at("node '" + node.name + "'");
  }
  return status;
}

Result<void> infer_outputs(Graph& graph, NodeId id, KnownInts& known) {
  known.resize(graph.value_slots());
  const Node& node = graph.node(id);
  std::vector<InferContext::Input> inputs;
  for (const ValueId input : node.inputs) {
    if (input == ValueId::none) {
      inputs.emplace_back();
    } else {
      inputs.push_back({true, graph.value(input).type, graph.constant(input), ints_of(graph, input, known)});
    }
  }
  std::vector<DType> declared;
  for (const ValueId output : node.outputs) {
    declared.push_back(output == ValueId::none ? DType::f32 : graph.value(output).type.dtype);
  }
  InferContext context(node, std::move(inputs), std::move(declared));
  DSQ_TRY(infer_node(context));
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    if (node.outputs[i] != ValueId::none) {
      graph.set_type(node.outputs[i], context.outputs()[i]);
      std::optional<Ints> ints = context.output_ints(i);
      const bool few = ints && static_cast<int64_t>(ints->size()) <= kMaxKnownInts;
      known[static_cast<size_t>(node.outputs[i])] = few ? std::move(ints) : std::nullopt;
    }
  }
  return {};
}

Result<KnownInts> infer_types(Graph& graph) {
  KnownInts known(graph.value_slots());
  const std::vector<NodeId> order = graph.topo_order();
  if (order.size() != graph.nodes().size()) {
    return fail(Code::graph_invalid, "the graph has a cycle").at(graph.name);
  }
  for (const NodeId id : order) {
    DSQ_TRY(infer_outputs(graph, id, known));
  }
  return known;
}

}  // namespace dsq
