#include "src/ir/graph.h"

#include <algorithm>
#include <queue>

namespace dsq {

bool same_graph(const GraphRef& a, const GraphRef& b) { return a == b || (a != nullptr && b != nullptr && *a == *b); }

std::vector<NodeId> Graph::nodes() const {
  std::vector<NodeId> ids;
  for (size_t i = 0; i < nodes_.size(); ++i) {
    if (nodes_[i].alive) {
      ids.push_back(static_cast<NodeId>(i));
    }
  }
  return ids;
}

std::vector<ValueId> Graph::values() const {
  std::vector<ValueId> ids;
  for (size_t i = 0; i < values_.size(); ++i) {
    if (values_[i].alive) {
      ids.push_back(static_cast<ValueId>(i));
    }
  }
  return ids;
}

std::vector<NodeId> Graph::topo_order() const {
  std::vector<int> waiting(nodes_.size(), 0);
  std::priority_queue<int, std::vector<int>, std::greater<>> ready;
  const std::vector<NodeId> alive = nodes();
  for (const NodeId id : alive) {
    int& count = waiting[static_cast<size_t>(id)];
    for (const ValueId input : node(id).inputs) {
      count += input != ValueId::none && value(input).producer != NodeId::none ? 1 : 0;
    }
    if (count == 0) {
      ready.push(static_cast<int>(id));
    }
  }
  std::vector<NodeId> order;
  order.reserve(alive.size());
  while (!ready.empty()) {
    const auto id = static_cast<NodeId>(ready.top());
    ready.pop();
    order.push_back(id);
    for (const ValueId output : node(id).outputs) {
      if (output == ValueId::none) {
        continue;
      }
      for (const NodeId user : value(output).users) {
        if (--waiting[static_cast<size_t>(user)] == 0) {
          ready.push(static_cast<int>(user));
        }
      }
    }
  }
  return order;
}

std::optional<ValueId> Graph::find_value(std::string_view wanted) const {
  for (const ValueId id : values()) {
    if (value(id).name == wanted) {
      return id;
    }
  }
  return std::nullopt;
}

bool Graph::is_output(ValueId id) const { return std::ranges::find(outputs_, id) != outputs_.end(); }

std::string Graph::unique_name(std::string_view wish) const {
  std::string name(wish.empty() ? "v" : wish);
  if (!names_.count.contains(name)) {
    return name;
  }
  // The counter of a name only makes the search short; the loop makes it right.
  for (int i = names_.count.at(name);; ++i) {
    std::string candidate = fmt::format("{}_{}", name, i);
    if (!names_.count.contains(candidate)) {
      return candidate;
    }
  }
}

ValueId Graph::new_value(std::string_view wish, TensorType type) {
  Value fresh;
  fresh.name = unique_name(wish);
  fresh.type = std::move(type);
  if (fresh.name != wish && !wish.empty()) {
    ++names_.count[std::string(wish)];
  }
  names_.count.emplace(fresh.name, 1);
  values_.push_back(std::move(fresh));
  return static_cast<ValueId>(values_.size() - 1);
}

ValueId Graph::add_input(std::string input_name, TensorType type) {
  const ValueId id = new_value(input_name, std::move(type));
  inputs_.push_back(id);
  return id;
}

ValueId Graph::add_constant(std::string constant_name, Tensor tensor) {
  const ValueId id = new_value(constant_name, tensor.type());
  mutable_value(id).constant = std::move(tensor);
  return id;
}

NodeId Graph::add_node(OpKind op, std::string node_name, Attrs attrs, std::vector<ValueId> node_inputs,
                       const std::vector<std::string>& output_names) {
  const auto id = static_cast<NodeId>(nodes_.size());
  Node fresh;
  fresh.name = std::move(node_name);
  fresh.op = op;
  fresh.attrs = std::move(attrs);
  for (const std::string& output : output_names) {
    if (output.empty()) {
      fresh.outputs.push_back(ValueId::none);
      continue;
    }
    const ValueId made = new_value(output, {});
    mutable_value(made).producer = id;
    fresh.outputs.push_back(made);
  }
  nodes_.push_back(std::move(fresh));
  set_inputs(id, std::move(node_inputs));
  return id;
}

void Graph::drop_use(ValueId id, NodeId user) {
  if (id != ValueId::none) {
    std::vector<NodeId>& users = mutable_value(id).users;
    users.erase(std::ranges::find(users, user));
  }
}

void Graph::set_inputs(NodeId id, std::vector<ValueId> node_inputs) {
  Node& target = nodes_[static_cast<size_t>(id)];
  for (const ValueId old : target.inputs) {
    drop_use(old, id);
  }
  target.inputs = std::move(node_inputs);
  for (const ValueId used : target.inputs) {
    if (used != ValueId::none) {
      mutable_value(used).users.push_back(id);
    }
  }
}

void Graph::set_input(NodeId id, size_t index, ValueId used) {
  std::vector<ValueId> changed = node(id).inputs;
  if (changed.size() <= index) {
    changed.resize(index + 1, ValueId::none);
  }
  changed[index] = used;
  set_inputs(id, std::move(changed));
}

void Graph::replace_uses(ValueId from, ValueId to) {
  const std::vector<NodeId> users = value(from).users;
  for (const NodeId user : users) {
    for (ValueId& input : nodes_[static_cast<size_t>(user)].inputs) {
      if (input == from) {
        input = to;
        mutable_value(to).users.push_back(user);
      }
    }
  }
  // A user with several uses appears several times in `users` but was rewritten once; the uses are all gone now.
  mutable_value(from).users.clear();
  if (is_output(from)) {
    std::ranges::replace(outputs_, from, to);
    std::swap(mutable_value(from).name, mutable_value(to).name);
  }
}

void Graph::set_outputs(std::vector<ValueId> graph_outputs) { outputs_ = std::move(graph_outputs); }

void Graph::erase_node(NodeId id) {
  Node& target = nodes_[static_cast<size_t>(id)];
  for (const ValueId output : target.outputs) {
    if (output != ValueId::none) {
      DSQ_CHECK(value(output).users.empty() && !is_output(output), "an erased node's outputs are unused");
      names_.count.erase(value(output).name);
      mutable_value(output) = Value{};
      mutable_value(output).alive = false;
    }
  }
  set_inputs(id, {});
  target = Node{};
  target.alive = false;
}

void Graph::erase_value(ValueId id) {
  DSQ_CHECK(value(id).users.empty() && value(id).producer == NodeId::none && !is_output(id),
            "an erased value is unused");
  std::erase(inputs_, id);
  names_.count.erase(value(id).name);
  mutable_value(id) = Value{};
  mutable_value(id).alive = false;
}

void Graph::set_constant(ValueId id, Tensor tensor) {
  Value& target = mutable_value(id);
  DSQ_CHECK(target.producer == NodeId::none, "a constant has no producer");
  target.type = tensor.type();
  target.constant = std::move(tensor);
}

void Graph::rename(ValueId id, std::string_view wish) {
  if (value(id).name == wish) {
    return;
  }
  names_.count.erase(value(id).name);
  mutable_value(id).name = unique_name(wish);
  names_.count.emplace(value(id).name, 1);
}

void Graph::compact() {
  const std::vector<NodeId> order = topo_order();
  DSQ_CHECK(order.size() == nodes().size(), "compact() needs a graph without cycles");
  std::vector<ValueId> to(values_.size(), ValueId::none);
  std::vector<Value> kept;
  const auto keep = [&](ValueId id) {
    if (id != ValueId::none && to[static_cast<size_t>(id)] == ValueId::none) {
      to[static_cast<size_t>(id)] = static_cast<ValueId>(kept.size());
      kept.push_back(std::move(mutable_value(id)));
      kept.back().users.clear();
    }
  };
  const auto renumber = [&](std::vector<ValueId>& ids) {
    for (ValueId& id : ids) {
      id = id == ValueId::none ? id : to[static_cast<size_t>(id)];
    }
  };
  // Inputs, constants in the order of use, results: the order in which the text form names them.
  std::ranges::for_each(inputs_, keep);
  const auto keep_constant = [&](ValueId id) {
    if (id != ValueId::none && value(id).constant) {
      keep(id);
    }
  };
  for (const NodeId id : order) {
    std::ranges::for_each(node(id).inputs, keep_constant);
  }
  std::ranges::for_each(values(), keep_constant);
  std::vector<Node> sorted;
  for (const NodeId id : order) {
    Node moved = std::move(nodes_[static_cast<size_t>(id)]);
    std::ranges::for_each(moved.outputs, keep);
    renumber(moved.inputs);
    renumber(moved.outputs);
    for (const ValueId output : moved.outputs) {
      if (output != ValueId::none) {
        kept[static_cast<size_t>(output)].producer = static_cast<NodeId>(sorted.size());
      }
    }
    for (const ValueId input : moved.inputs) {
      if (input != ValueId::none) {
        kept[static_cast<size_t>(input)].users.push_back(static_cast<NodeId>(sorted.size()));
      }
    }
    sorted.push_back(std::move(moved));
  }
  renumber(inputs_);
  renumber(outputs_);
  nodes_ = std::move(sorted);
  values_ = std::move(kept);
}

}  // namespace dsq
