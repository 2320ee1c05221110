#include "formats/onnx/import_graph.h"

#include <algorithm>
#include <queue>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "formats/onnx/old_forms.h"
#include "formats/onnx/signatures.h"

namespace dsq::onnx_format {
namespace {

constexpr size_t kMaxName = 1 << 15;  // characters; names made of it must fit a .dsq file (64 KiB) too
constexpr int kMaxNesting = 8;        // as in .dsq files
// Networks have some thousand nodes; unrolled ones, some ten thousand. Passes may take the square of this in steps.
constexpr int64_t kMaxNodes = 1 << 15;
constexpr size_t kMaxValues = 1 << 17;
constexpr int kMaxOutputs = 1 << 12;  // of a node

// The names that a nested graph takes from outside, in order of first use.
void collect_free(const onnx::GraphProto& graph, std::set<std::string> defined, std::vector<std::string>& free,
                  int depth) {
  if (depth > kMaxNesting) {
    return;  // import_nested refuses it
  }
  for (const onnx::ValueInfoProto& input : graph.input()) {
    defined.insert(input.name());
  }
  for (const onnx::TensorProto& tensor : graph.initializer()) {
    defined.insert(tensor.name());
  }
  for (const onnx::NodeProto& node : graph.node()) {
    defined.insert(node.output().begin(), node.output().end());
  }
  const auto use = [&](const std::string& name) {
    if (!name.empty() && !defined.contains(name) && std::ranges::find(free, name) == free.end()) {
      free.push_back(name);
    }
  };
  for (const onnx::NodeProto& node : graph.node()) {
    std::ranges::for_each(node.input(), use);
    for (const onnx::AttributeProto& attribute : node.attribute()) {
      if (attribute.has_g()) {
        collect_free(attribute.g(), defined, free, depth + 1);
      }
    }
  }
  for (const onnx::ValueInfoProto& output : graph.output()) {
    use(output.name());
  }
}

std::vector<std::string> used_names(const onnx::NodeProto& node) {
  std::vector<std::string> used(node.input().begin(), node.input().end());
  for (const onnx::AttributeProto& attribute : node.attribute()) {
    if (attribute.has_g()) {
      collect_free(attribute.g(), {}, used, 0);
    }
  }
  return used;
}

// Producers before users. Files are nearly always sorted already, and then keep their order.
Result<std::vector<int>> sorted_nodes(const onnx::GraphProto& proto, const Scope& scope) {
  std::unordered_map<std::string, int> producer;
  for (int i = 0; i < proto.node_size(); ++i) {
    for (const std::string& output : proto.node(i).output()) {
      if (std::max(output.size(), proto.node(i).name().size()) > kMaxName) {
        return fail(Code::graph_invalid, "a name of more than {} characters", kMaxName)
            .at("node '" + proto.node(i).name().substr(0, 60) + "...'");
      }
      if (!output.empty() && (scope.names.contains(output) || !producer.emplace(output, i).second)) {
        return fail(Code::graph_invalid, "'{}' is made twice", output).at("node '" + label_of(proto.node(i)) + "'");
      }
    }
  }
  std::vector<std::vector<int>> users(static_cast<size_t>(proto.node_size()));
  std::vector<int> waiting(static_cast<size_t>(proto.node_size()), 0);
  for (int i = 0; i < proto.node_size(); ++i) {
    for (const std::string& name : used_names(proto.node(i))) {
      const auto found = name.empty() ? producer.end() : producer.find(name);
      if (found != producer.end() && found->second != i) {
        users[static_cast<size_t>(found->second)].push_back(i);
        ++waiting[static_cast<size_t>(i)];
      } else if (found != producer.end()) {
        return fail(Code::graph_invalid, "a node uses its own output '{}'", name)
            .at("node '" + label_of(proto.node(i)) + "'");
      }
    }
  }
  std::priority_queue<int, std::vector<int>, std::greater<>> ready;
  for (int i = 0; i < proto.node_size(); ++i) {
    if (waiting[static_cast<size_t>(i)] == 0) {
      ready.push(i);
    }
  }
  std::vector<int> order;
  while (!ready.empty()) {
    order.push_back(ready.top());
    ready.pop();
    for (const int user : users[static_cast<size_t>(order.back())]) {
      if (--waiting[static_cast<size_t>(user)] == 0) {
        ready.push(user);
      }
    }
  }
  if (static_cast<int>(order.size()) != proto.node_size()) {
    const auto stuck = std::ranges::find_if(waiting, [](int w) { return w > 0; }) - waiting.begin();
    return fail(Code::graph_invalid, "the graph has a cycle")
        .at("node '" + label_of(proto.node(static_cast<int>(stuck))) + "'");
  }
  return order;
}

Result<void> convert_node(NodeImport& node, Converter convert, int64_t opset) {
  if (convert == nullptr) {
    return node.refuse("not supported");
  }
  DSQ_TRY(check_signature(node.proto(), opset));
  if (!keeps_its_form(node.op_type(), opset)) {
    if (!is_renewable(node.op_type(), opset)) {
      return node.refuse("its form of before opset 7");
    }
    DSQ_TRY(renew(node));
  }
  return convert(node);
}

// Few outputs; one attribute for each name, with a value of its own: references are bound where functions are called.
Result<void> check_form(const onnx::NodeProto& proto) {
  if (proto.output_size() > kMaxOutputs) {
    return fail(Code::graph_invalid, "a node of {} outputs; {} are supported", proto.output_size(), kMaxOutputs);
  }
  std::unordered_set<std::string_view> names;
  for (const onnx::AttributeProto& each : proto.attribute()) {
    if (!names.insert(each.name()).second) {
      return fail(Code::attribute_invalid, "attribute '{}' is given twice", each.name());
    }
    if (!each.ref_attr_name().empty()) {
      return fail(Code::attribute_invalid, "attribute '{}' refers to '{}' of a function, and stands in none",
                  each.name(), each.ref_attr_name());
    }
  }
  return {};
}

Result<void> import_node(onnx::NodeProto& proto, Scope& scope, ImportState& state) {
  NodeImport node(proto, scope, state);
  if (Result<void> sound = check_form(proto); !sound) {
    return std::move(sound).error().at("node '" + node.name() + "'");
  }
  for (const std::string& input : proto.input()) {
    Result<ValueId> found = node.lookup(input);
    if (!found) {
      return std::move(found).error().at("node '" + node.name() + "'");
    }
  }
  const Converter convert = find_converter(proto.domain(), proto.op_type());
  Result<void> done = convert_node(node, convert, state.opset);
  if (!node.mistyped().empty()) {
    return fail(Code::attribute_invalid, "attribute '{}' of {} is of the wrong type", node.mistyped(), proto.op_type())
        .at("node '" + node.name() + "'");
  }
  if (done) {
    return done;
  }
  if (done.error().code == Code::ops_unsupported) {
    const std::string domain = proto.domain().empty() ? "" : proto.domain() + "::";
    state.refused.push_back(fmt::format("{}{} (node '{}', opset {}): {}", domain, proto.op_type(), node.name(),
                                        state.opset, done.error().what));
  } else if (state.refused.empty()) {
    return std::move(done).error().at("node '" + node.name() + "'");
  }  // otherwise the error may come from the open outputs of a refused node
  for (const std::string& output : proto.output()) {
    if (!output.empty() && !scope.names.contains(output)) {
      scope.names[output] = scope.graph.add_input(output, {DType::f32, std::nullopt});  // never run: the import fails
    }
  }
  return {};
}

// The value that stands behind an output gets its name. Where it cannot have it - a constant, a value with another
// output's name - a copy does; an input of the model is an output as it is.
Result<ValueId> import_output(const std::string& name, const std::vector<ValueId>& before, Scope& scope,
                              ImportState& state) {
  onnx::NodeProto identity;
  identity.set_op_type("Identity");
  identity.add_input(name);
  NodeImport node(identity, scope, state);
  const ValueId id = DSQ_TRY(node.lookup(name));
  if (id == ValueId::none) {
    return fail(Code::graph_invalid, "an output of the graph has no name");
  }
  Graph& graph = scope.graph;
  const bool again = std::ranges::find(before, id) != before.end();
  const bool source = graph.value(id).producer == NodeId::none;
  if (source && !again && scope.outer == nullptr && !graph.is_constant(id) && graph.value(id).name == name) {
    return id;
  }
  if (!source && !again && (graph.value(id).name == name || !graph.find_value(name))) {
    graph.rename(id, name);
    return id;
  }
  if (graph.is_constant(id)) {
    graph.rename(id, name + ".stored");
  }
  const NodeId copy = graph.add_node(OpKind::identity, name, NoAttrs{}, {id}, {name});
  DSQ_TRY(infer_outputs(graph, copy, scope.known));
  return graph.node(copy).outputs[0];
}

Result<void> import_outputs(const onnx::GraphProto& proto, Scope& scope, ImportState& state) {
  std::vector<ValueId> outputs;
  for (const onnx::ValueInfoProto& info : proto.output()) {
    outputs.push_back(DSQ_TRY(import_output(info.name(), outputs, scope, state)));
  }
  scope.graph.set_outputs(std::move(outputs));
  return {};
}

}  // namespace

Result<TensorType> declared_type(const onnx::ValueInfoProto& info) {
  if (!info.type().has_tensor_type()) {
    return fail(Code::ops_unsupported, "'{}' is not a tensor; sequences, maps and optional values are not supported",
                info.name());
  }
  const onnx::TypeProto::Tensor& tensor = info.type().tensor_type();
  Result<DType> dtype = dtype_of_onnx(tensor.elem_type());
  if (!dtype) {
    return std::move(dtype).error().at("'" + info.name() + "'");
  }
  TensorType type{*dtype, std::nullopt};
  if (tensor.has_shape()) {
    type.shape.emplace();
    for (const onnx::TensorShapeProto::Dimension& d : tensor.shape().dim()) {
      // Exporters write 0 and -1 as well as names for open dimensions.
      type.shape->push_back(d.has_dim_value() && d.dim_value() > 0 ? d.dim_value() : kUnknown);
    }
  }
  return type;
}

Result<void> import_body(onnx::GraphProto& proto, Scope& scope, ImportState& state) {
  if (proto.sparse_initializer_size() > 0) {
    return fail(Code::tensor_invalid, "sparse initializers are not supported").at("graph '" + proto.name() + "'");
  }
  state.nodes += proto.node_size();
  if (state.nodes > kMaxNodes) {
    return fail(Code::graph_invalid, "the model has {} nodes or more; {} are supported", state.nodes, kMaxNodes)
        .at("graph '" + proto.name() + "'");
  }
  std::unordered_set<std::string> stored;
  for (onnx::TensorProto& tensor : *proto.mutable_initializer()) {
    const std::string name = tensor.name();
    if (!stored.insert(name).second) {
      return fail(Code::graph_invalid, "'{}' is stored twice", name).at("graph '" + proto.name() + "'");
    }
    if (!scope.names.contains(name)) {
      scope.names[name] = scope.graph.add_constant(name, DSQ_TRY(state.tensors.read(tensor)));
    }
  }
  for (const int i : DSQ_TRY(sorted_nodes(proto, scope))) {
    DSQ_TRY(import_node(*proto.mutable_node(i), scope, state));
    if (scope.graph.value_slots() > kMaxValues) {
      return fail(Code::graph_invalid, "the model's nodes come apart into more than {} values", kMaxValues)
          .at("node '" + label_of(proto.node(i)) + "'");
    }
  }
  return import_outputs(proto, scope, state);
}

std::vector<std::string> captures_of(const std::vector<const onnx::GraphProto*>& nested, const Scope& outer) {
  std::vector<std::string> free;
  for (const onnx::GraphProto* each : nested) {
    collect_free(*each, {}, free, 0);
  }
  std::erase_if(free, [&](const std::string& name) {
    const auto found = outer.names.find(name);
    return found == outer.names.end() || outer.graph.is_constant(found->second);
  });
  return free;
}

Result<GraphRef> import_nested(onnx::GraphProto& proto, const std::vector<TensorType>& passed,
                               const std::vector<std::string>& captured, Scope& outer, ImportState& state) {
  if (++state.depth > kMaxNesting) {
    return fail(Code::graph_invalid, "graphs are nested more than {} deep", kMaxNesting);
  }
  Scope scope;
  scope.outer = &outer;
  scope.graph.name = proto.name();
  for (size_t i = 0; i < static_cast<size_t>(proto.input_size()); ++i) {
    const onnx::ValueInfoProto& info = proto.input(static_cast<int>(i));
    TensorType type = info.has_type() ? DSQ_TRY(declared_type(info)) : TensorType{};
    type.dtype = i < passed.size() ? passed[i].dtype : computed(type.dtype);
    if (scope.names.contains(info.name())) {
      return fail(Code::graph_invalid, "two inputs are named '{}'", info.name()).at("graph '" + proto.name() + "'");
    }
    scope.names[info.name()] = scope.graph.add_input(info.name(), std::move(type));
  }
  for (const std::string& name : captured) {
    TensorType type = outer.graph.value(outer.names.find(name)->second).type;
    if (type.shape) {
      type.shape->assign(type.shape->size(), kUnknown);
    }
    scope.names[name] = scope.graph.add_input(name, std::move(type));
  }
  DSQ_TRY(import_body(proto, scope, state));
  --state.depth;
  scope.graph.compact();
  return std::make_shared<const Graph>(std::move(scope.graph));
}

}  // namespace dsq::onnx_format
