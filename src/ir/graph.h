// Graph: a regular value type. Copies are cheap (constants are shared), equality is deep, iteration is in id order.
// Values and nodes are named by ids, so ids stay valid in copies.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "src/ir/attrs.h"
#include "src/ir/op_kind.h"
#include "src/ir/quant.h"
#include "src/ir/shape.h"
#include "src/ir/stage.h"
#include "src/ir/tensor.h"

namespace dsq {

enum class ValueId : int32_t { none = -1 };
enum class NodeId : int32_t { none = -1 };

// An edge: one producer (or none for graph inputs and constants), any number of users.
struct Value {
  std::string name;  // unique in its graph, never empty
  TensorType type;
  NodeId producer = NodeId::none;
  std::vector<NodeId> users;  // one entry for each use, in the order in which the uses were made
  std::optional<Tensor> constant;
  std::optional<QuantSpec> spec;      // what is wanted
  std::optional<QuantParams> params;  // what was got
  bool alive = true;
  bool operator==(const Value&) const = default;
};

struct Node {
  std::string name;  // of the model's node; rewrites hand it on
  OpKind op = OpKind::identity;
  Attrs attrs;
  std::vector<ValueId> inputs;  // ValueId::none where an optional input is absent
  std::vector<ValueId> outputs;
  bool alive = true;
  bool operator==(const Node&) const = default;

  template <class T>
  const T& as() const {
    const T* held = std::get_if<T>(&attrs);
    DSQ_CHECK(held != nullptr, "attributes of the operator's own type");
    return *held;
  }
  ValueId input(size_t i) const { return i < inputs.size() ? inputs[i] : ValueId::none; }
  bool has_input(size_t i) const { return input(i) != ValueId::none; }
};

class Graph {
 public:
  std::string name;
  Stage stage = Stage::floating;

  // --- reads
  const Value& value(ValueId id) const { return values_[static_cast<size_t>(id)]; }
  const Node& node(NodeId id) const { return nodes_[static_cast<size_t>(id)]; }
  const std::vector<ValueId>& inputs() const { return inputs_; }
  const std::vector<ValueId>& outputs() const { return outputs_; }
  std::vector<NodeId> nodes() const;                     // living ones, in id order
  std::vector<ValueId> values() const;                   // living ones, in id order
  size_t value_slots() const { return values_.size(); }  // one more than the largest ValueId, for side tables
  // Producers before users; ties by id. Fewer nodes than nodes() when there is a cycle.
  std::vector<NodeId> topo_order() const;
  std::optional<ValueId> find_value(std::string_view name) const;  // linear
  bool is_output(ValueId id) const;
  bool is_constant(ValueId id) const { return id != ValueId::none && value(id).constant.has_value(); }
  const Tensor* constant(ValueId id) const { return is_constant(id) ? &*value(id).constant : nullptr; }
  std::string unique_name(std::string_view wish) const;  // `wish`, or `wish_1`, ...

  // --- the edits of topology
  ValueId add_input(std::string name, TensorType type);
  ValueId add_constant(std::string name, Tensor tensor);
  // Makes one fresh value for each output name (none for an empty one); types are set by inference or set_type.
  NodeId add_node(OpKind op, std::string name, Attrs attrs, std::vector<ValueId> inputs,
                  const std::vector<std::string>& output_names);
  void set_inputs(NodeId id, std::vector<ValueId> inputs);
  void set_input(NodeId id, size_t index, ValueId value);
  // Every use of `from`, graph outputs included, becomes a use of `to`. When `from` was a graph output, the two swap
  // names, so that outputs keep theirs.
  void replace_uses(ValueId from, ValueId to);
  void set_outputs(std::vector<ValueId> outputs);
  void erase_node(NodeId id);    // its outputs must have no users and be no graph outputs
  void erase_value(ValueId id);  // a constant or an input without users
  void compact();                // drops the dead and renumbers in topological order

  // --- the edits of content
  void set_type(ValueId id, TensorType type) { mutable_value(id).type = std::move(type); }
  void set_constant(ValueId id, Tensor tensor);
  void set_spec(ValueId id, std::optional<QuantSpec> spec) { mutable_value(id).spec = spec; }
  void set_params(ValueId id, std::optional<QuantParams> params) { mutable_value(id).params = std::move(params); }
  void set_attrs(NodeId id, Attrs attrs) { nodes_[static_cast<size_t>(id)].attrs = std::move(attrs); }
  void rename(ValueId id, std::string_view wish);

  bool operator==(const Graph&) const = default;

 private:
  Value& mutable_value(ValueId id) { return values_[static_cast<size_t>(id)]; }
  ValueId new_value(std::string_view wish, TensorType type);
  void drop_use(ValueId id, NodeId user);

  // The names of values, hashed. Rebuilt from values_, so equality ignores it.
  struct NameIndex {
    std::unordered_map<std::string, int> count;
    bool operator==(const NameIndex&) const { return true; }
  };
  std::vector<Value> values_;
  std::vector<Node> nodes_;
  std::vector<ValueId> inputs_;
  std::vector<ValueId> outputs_;
  NameIndex names_;
};

}  // namespace dsq
