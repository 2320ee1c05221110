// What a converter sees of one ONNX node: its attributes and inputs, and how to put IR nodes in its place.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <onnx/onnx_pb.h>

#include "formats/onnx/tensors.h"
#include "src/ir/graph.h"
#include "src/ops/infer.h"
#include "src/support/diagnostics.h"

namespace dsq::onnx_format {

// The graph that is being built, and what its names stand for. Nested graphs have a scope of their own.
struct Scope {
  Graph graph;
  std::map<std::string, ValueId, std::less<>> names;
  KnownInts known;
  const Scope* outer = nullptr;
};

// What all scopes of one model share.
struct ImportState {
  TensorReader tensors;
  int64_t opset = 0;
  Diagnostics& diagnostics;
  std::vector<std::string> refused;  // nodes that cannot be imported, each with its reason
  int depth = 0;                     // of nested graphs
  int64_t nodes = 0;                 // met so far, those of nested graphs included
};

// The node's name, or its first output's.
std::string label_of(const onnx::NodeProto& node);

class NodeImport {
 public:
  NodeImport(onnx::NodeProto& proto, Scope& scope, ImportState& state) : proto_(proto), scope_(scope), state_(state) {}

  const std::string& op_type() const { return proto_.op_type(); }
  int64_t opset() const { return state_.opset; }
  Scope& scope() { return scope_; }
  ImportState& state() { return state_; }
  onnx::NodeProto& proto() { return proto_; }
  std::string name() const { return label_of(proto_); }

  // --- inputs
  size_t input_count() const { return static_cast<size_t>(proto_.input_size()); }
  bool has(size_t i) const { return i < input_count() && !proto_.input(static_cast<int>(i)).empty(); }
  ValueId in(size_t i) const;           // none when absent
  std::vector<ValueId> inputs() const;  // all of them
  void rebind_input(size_t i, ValueId value);
  // Of an absent input nothing is known; inference refuses the node where it must be there.
  const TensorType& type(ValueId id) const { return id == ValueId::none ? absent_ : scope_.graph.value(id).type; }
  const TensorType& type(size_t i) const { return type(in(i)); }
  // The contents of an integer input, when they are known.
  std::optional<Ints> ints(size_t i) const;

  // --- attributes; all have ONNX's defaults. One of another type than asked for is as good as absent, and noted.
  const onnx::AttributeProto* attribute(std::string_view key) const;
  int64_t attr_int(std::string_view key, int64_t fallback) const;
  float attr_float(std::string_view key, float fallback) const;
  std::string attr_string(std::string_view key, std::string fallback) const;
  Shape attr_ints(std::string_view key) const;
  std::vector<float> attr_floats(std::string_view key) const;
  const std::string& mistyped() const { return mistyped_; }  // the name of such an attribute, or empty

  // --- results
  // A node with one output that gets a name of its own.
  Result<ValueId> emit(OpKind op, Attrs attrs, std::vector<ValueId> inputs);
  // The node that makes the ONNX node's outputs.
  Result<void> finish(OpKind op, Attrs attrs, std::vector<ValueId> inputs);
  Result<void> finish(OpKind op, std::vector<ValueId> inputs) {
    return finish(op, default_attrs(op), std::move(inputs));
  }
  // Output `i` is that value.
  void bind(size_t i, ValueId value);
  ValueId constant(Tensor tensor);
  ValueId constant_ints(const Shape& values) { return constant(Tensor::ints(values)); }
  size_t output_count() const { return static_cast<size_t>(proto_.output_size()); }
  bool wants(size_t i) const { return i < output_count() && !proto_.output(static_cast<int>(i)).empty(); }

  // This node cannot be imported, and why.
  template <class... Args>
  Error refuse(fmt::format_string<Args...> format, Args&&... args) const {
    return fail(Code::ops_unsupported, format, std::forward<Args>(args)...);
  }
  Error invalid(std::string what) const { return fail(Code::attribute_invalid, "{}", what); }

  Result<ValueId> lookup(const std::string& value_name) const;

 private:
  Result<void> infer(NodeId id);
  const onnx::AttributeProto* typed(std::string_view key, onnx::AttributeProto::AttributeType type) const;
  mutable std::string mistyped_;
  const TensorType absent_{};
  onnx::NodeProto& proto_;
  Scope& scope_;
  ImportState& state_;
};

using Converter = Result<void> (*)(NodeImport&);
// Null when the operator is not known.
Converter find_converter(std::string_view domain, std::string_view op_type);

// import_graph.cc: a nested graph with the given values of the outer scope as extra inputs behind its own. `passed`
// are the types that its own inputs get, for those that the file does not declare; of captured values only the rank is
// relied on, since a branch that is never taken need not fit them.
Result<GraphRef> import_nested(onnx::GraphProto& proto, const std::vector<TensorType>& passed,
                               const std::vector<std::string>& captured, Scope& outer, ImportState& state);
// The outer, non-constant values that nested graphs use, in order of first use.
std::vector<std::string> captures_of(const std::vector<const onnx::GraphProto*>& nested, const Scope& outer);

}  // namespace dsq::onnx_format
