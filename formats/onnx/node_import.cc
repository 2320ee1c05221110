#include "formats/onnx/node_import.h"

namespace dsq::onnx_format {

std::string label_of(const onnx::NodeProto& node) {
  if (!node.name().empty()) {
    return node.name();
  }
  const auto named = std::ranges::find_if(node.output(), [](const std::string& output) { return !output.empty(); });
  return named == node.output().end() ? node.op_type() : *named;
}

Result<ValueId> NodeImport::lookup(const std::string& value_name) const {
  if (value_name.empty()) {
    return ValueId::none;
  }
  const auto found = scope_.names.find(value_name);
  if (found != scope_.names.end()) {
    return found->second;
  }
  // A constant of an outer graph is shared with the nested one; everything else was captured as an input.
  for (const Scope* outer = scope_.outer; outer != nullptr; outer = outer->outer) {
    const auto outside = outer->names.find(value_name);
    if (outside != outer->names.end() && outer->graph.is_constant(outside->second)) {
      const ValueId copy = scope_.graph.add_constant(value_name, *outer->graph.constant(outside->second));
      scope_.names.emplace(value_name, copy);
      return copy;
    }
  }
  return fail(Code::graph_invalid, "'{}' is used but never made", value_name);
}

ValueId NodeImport::in(size_t i) const {
  if (!has(i)) {
    return ValueId::none;
  }
  return scope_.names.find(proto_.input(static_cast<int>(i)))->second;  // import_graph has looked all inputs up
}

std::vector<ValueId> NodeImport::inputs() const {
  std::vector<ValueId> ids;
  for (size_t i = 0; i < input_count(); ++i) {
    ids.push_back(in(i));
  }
  return ids;
}

std::optional<Ints> NodeImport::ints(size_t i) const {
  const ValueId id = in(i);
  if (id == ValueId::none) {
    return std::nullopt;
  }
  if (const Tensor* tensor = scope_.graph.constant(id); tensor != nullptr && !is_float(tensor->dtype())) {
    return ints_in(*tensor);
  }
  return static_cast<size_t>(id) < scope_.known.size() ? scope_.known[static_cast<size_t>(id)] : std::nullopt;
}

const onnx::AttributeProto* NodeImport::attribute(std::string_view key) const {
  for (const onnx::AttributeProto& each : proto_.attribute()) {
    if (each.name() == key) {
      return &each;
    }
  }
  return nullptr;
}

const onnx::AttributeProto* NodeImport::typed(std::string_view key, onnx::AttributeProto::AttributeType type) const {
  const onnx::AttributeProto* found = attribute(key);
  if (found != nullptr && found->type() != type && found->type() != onnx::AttributeProto::UNDEFINED) {
    mistyped_ = key;
    return nullptr;
  }
  return found;
}

int64_t NodeImport::attr_int(std::string_view key, int64_t fallback) const {
  const onnx::AttributeProto* found = typed(key, onnx::AttributeProto::INT);
  return found == nullptr ? fallback : found->i();
}

float NodeImport::attr_float(std::string_view key, float fallback) const {
  const onnx::AttributeProto* found = typed(key, onnx::AttributeProto::FLOAT);
  return found == nullptr ? fallback : found->f();
}

std::string NodeImport::attr_string(std::string_view key, std::string fallback) const {
  const onnx::AttributeProto* found = typed(key, onnx::AttributeProto::STRING);
  return found == nullptr ? std::move(fallback) : found->s();
}

Shape NodeImport::attr_ints(std::string_view key) const {
  const onnx::AttributeProto* found = typed(key, onnx::AttributeProto::INTS);
  return found == nullptr ? Shape{} : Shape(found->ints().begin(), found->ints().end());
}

std::vector<float> NodeImport::attr_floats(std::string_view key) const {
  const onnx::AttributeProto* found = typed(key, onnx::AttributeProto::FLOATS);
  return found == nullptr ? std::vector<float>{} : std::vector<float>(found->floats().begin(), found->floats().end());
}

Result<void> NodeImport::infer(NodeId id) { return infer_outputs(scope_.graph, id, scope_.known); }

Result<ValueId> NodeImport::emit(OpKind op, Attrs attrs, std::vector<ValueId> node_inputs) {
  const std::string output = name() + "." + std::string(name_of(op));  // made unique by the graph
  const NodeId id = scope_.graph.add_node(op, name(), std::move(attrs), std::move(node_inputs), {output});
  DSQ_TRY(infer(id));
  return scope_.graph.node(id).outputs[0];
}

Result<void> NodeImport::finish(OpKind op, Attrs attrs, std::vector<ValueId> node_inputs) {
  while (!node_inputs.empty() && node_inputs.back() == ValueId::none) {
    node_inputs.pop_back();
  }
  std::vector<std::string> outputs(proto_.output().begin(), proto_.output().end());
  const bool recurrent = op == OpKind::lstm || op == OpKind::gru || op == OpKind::rnn;
  const size_t least = recurrent ? 0 : static_cast<size_t>(op_def(op).min_outputs);
  outputs.resize(std::max(outputs.size(), least));
  for (size_t i = 0; i < least; ++i) {  // kernels fill these whether they are used or not
    outputs[i] = outputs[i].empty() ? scope_.graph.unique_name(fmt::format("{}.unused{}", name(), i)) : outputs[i];
  }
  const NodeId id = scope_.graph.add_node(op, name(), std::move(attrs), std::move(node_inputs), outputs);
  for (size_t i = 0; i < output_count(); ++i) {
    if (wants(i)) {
      scope_.names[outputs[i]] = scope_.graph.node(id).outputs[i];
    }
  }
  return infer(id);
}

void NodeImport::bind(size_t i, ValueId value) {
  if (wants(i)) {
    scope_.names[proto_.output(static_cast<int>(i))] = value;
  }
}

void NodeImport::rebind_input(size_t i, ValueId value) {
  const std::string& name = scope_.graph.value(value).name;
  scope_.names[name] = value;
  proto_.set_input(static_cast<int>(i), name);
}

ValueId NodeImport::constant(Tensor tensor) { return scope_.graph.add_constant(name() + ".const", std::move(tensor)); }

}  // namespace dsq::onnx_format
