#include "src/ir/compare.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace dsq {
namespace {

// --- comparison: walks both graphs from their outputs up and keeps which value and node corresponds to which.
class Matcher {
 public:
  Matcher(const Graph& a, const Graph& b, std::span<const ValueId> any)
      : a_(a),
        b_(b),
        any_(any),
        value_to_(a.value_slots(), ValueId::none),
        value_from_(b.value_slots(), ValueId::none) {}

  std::string run() {
    if (a_.stage != b_.stage) {
      return fmt::format("stage {} and {}", name_of(a_.stage), name_of(b_.stage));
    }
    if (a_.name != b_.name) {
      return fmt::format("graph name '{}' and '{}'", a_.name, b_.name);
    }
    std::string found = named("inputs", a_.inputs(), b_.inputs());
    found = found.empty() ? named("outputs", a_.outputs(), b_.outputs()) : found;
    return found.empty() ? unreached() : found;
  }

 private:
  std::string named(const char* what, const std::vector<ValueId>& in_a, const std::vector<ValueId>& in_b) {
    if (in_a.size() != in_b.size()) {
      return fmt::format("{} and {} {}", in_a.size(), in_b.size(), what);
    }
    for (size_t i = 0; i < in_a.size(); ++i) {
      if (a_.value(in_a[i]).name != b_.value(in_b[i]).name) {
        return fmt::format("{} '{}' and '{}'", what, a_.value(in_a[i]).name, b_.value(in_b[i]).name);
      }
      std::string found = walk(in_a[i], in_b[i]);
      if (!found.empty()) {
        return found;
      }
    }
    return {};
  }

  std::string walk(ValueId root_a, ValueId root_b) {
    pending_ = {{root_a, root_b}};
    while (!pending_.empty()) {
      const auto [a, b] = pending_.back();
      pending_.pop_back();
      std::string found = value(a, b);
      if (!found.empty()) {
        return found;
      }
    }
    return {};
  }

  std::string value(ValueId a, ValueId b) {
    if (a == ValueId::none || b == ValueId::none) {
      return a == b ? ""
                    : fmt::format("%{} is present in one graph only",
                                  a == ValueId::none ? b_.value(b).name : a_.value(a).name);
    }
    const Value& va = a_.value(a);
    const Value& vb = b_.value(b);
    const auto differ = [&](const std::string& what) { return fmt::format("%{} and %{}: {}", va.name, vb.name, what); };
    ValueId& to = value_to_[static_cast<size_t>(a)];
    ValueId& from = value_from_[static_cast<size_t>(b)];
    if (to != ValueId::none || from != ValueId::none) {
      return to == b && from == a ? "" : differ("edges lead to different values");
    }
    to = b;
    from = a;
    if (va.type != vb.type) {
      return differ(fmt::format("{} and {}", text_of(va.type), text_of(vb.type)));
    }
    if (va.spec != vb.spec || va.params != vb.params) {
      return differ("quantized differently");
    }
    if (va.constant.has_value() != vb.constant.has_value()) {
      return differ("only one is a constant");
    }
    if (va.constant && *va.constant != *vb.constant && std::ranges::find(any_, b) == any_.end()) {
      return differ("constants with different contents");
    }
    if ((va.producer == NodeId::none) != (vb.producer == NodeId::none)) {
      return differ("only one is the result of a node");
    }
    return va.producer == NodeId::none ? "" : node(va.producer, vb.producer);
  }

  std::string node(NodeId a, NodeId b) {
    const Node& na = a_.node(a);
    const Node& nb = b_.node(b);
    if (na.op != nb.op) {
      return fmt::format("nodes '{}' and '{}': {} and {}", na.name, nb.name, name_of(na.op), name_of(nb.op));
    }
    if (na.attrs != nb.attrs) {
      return fmt::format("nodes '{}' and '{}' ({}): attributes differ", na.name, nb.name, name_of(na.op));
    }
    if (na.inputs.size() != nb.inputs.size() || na.outputs.size() != nb.outputs.size()) {
      return fmt::format("nodes '{}' and '{}' ({}): different numbers of inputs or outputs", na.name, nb.name,
                         name_of(na.op));
    }
    const auto push = [&](const std::vector<ValueId>& in_a, const std::vector<ValueId>& in_b) {
      for (size_t i = in_a.size(); i-- > 0;) {
        pending_.emplace_back(in_a[i], in_b[i]);
      }
    };
    push(na.inputs, nb.inputs);
    push(na.outputs, nb.outputs);
    return {};
  }

  // What no output depends on is compared in id order.
  std::string unreached() {
    const auto collect = [](const Graph& graph, const std::vector<ValueId>& reached) {
      std::vector<ValueId> left = graph.values();
      std::erase_if(left, [&](ValueId id) { return reached[static_cast<size_t>(id)] != ValueId::none; });
      return left;
    };
    std::vector<ValueId> left_a = collect(a_, value_to_);
    std::vector<ValueId> left_b = collect(b_, value_from_);
    const size_t nodes_a = a_.nodes().size();
    const size_t nodes_b = b_.nodes().size();
    if (left_a.size() != left_b.size() || nodes_a != nodes_b) {
      return fmt::format("{} and {} values ({} and {} unused), {} and {} nodes", a_.values().size(), b_.values().size(),
                         left_a.size(), left_b.size(), nodes_a, nodes_b);
    }
    for (size_t i = 0; i < left_a.size(); ++i) {
      if (value_to_[static_cast<size_t>(left_a[i])] != ValueId::none) {
        continue;  // reached by an earlier one
      }
      std::string found = walk(left_a[i], left_b[i]);
      if (!found.empty()) {
        return found;
      }
    }
    return {};
  }

  const Graph& a_;
  const Graph& b_;
  std::span<const ValueId> any_;
  std::vector<ValueId> value_to_;
  std::vector<ValueId> value_from_;
  std::vector<std::pair<ValueId, ValueId>> pending_;
};

// --- hashing: a value's hash covers everything that it is computed from, so order and names fall away.
class Hasher {
 public:
  void word(uint64_t w) {
    state_ = (state_ ^ w) * 0x9E3779B97F4A7C15ULL;
    state_ ^= state_ >> 29;
  }
  void text(std::string_view s) {
    word(s.size());
    bytes(std::as_bytes(std::span(s.data(), s.size())));
  }
  void bytes(std::span<const std::byte> data) {
    size_t i = 0;
    for (; i + 8 <= data.size(); i += 8) {
      uint64_t w = 0;
      std::memcpy(&w, data.data() + i, 8);
      word(w);
    }
    uint64_t tail = 0;
    if (i < data.size()) {
      std::memcpy(&tail, data.data() + i, data.size() - i);
    }
    word(tail);
  }
  void type(const TensorType& type) {
    word(static_cast<uint64_t>(type.dtype));
    member(type.shape.value_or(Shape{INT64_MIN}));
  }
  void attrs(const Attrs& attrs, bool contents) {
    word(attrs.index());
    contents_ = contents;
    visit_fields(attrs, [&](std::string_view, const auto& held) { member(held); });
  }
  void granularity(const Granularity& g) {
    word(static_cast<uint64_t>(g.axis));
    word(static_cast<uint64_t>(g.group));
  }
  void quant(const Value& value) {
    word(value.spec.has_value());
    if (value.spec) {
      word(static_cast<uint64_t>(value.spec->storage));
      granularity(value.spec->granularity);
      word(value.spec->symmetric);
      word(static_cast<uint64_t>(value.spec->range));
    }
    word(value.params.has_value());
    if (value.params) {
      granularity(value.params->granularity);
      member(value.params->scale);
      member(value.params->zero_point);
      member(value.params->levels);
    }
  }
  uint64_t done() const { return state_ ^ (state_ >> 32); }

 private:
  template <class T>
  void member(const T& held) {
    if constexpr (std::is_enum_v<T> || std::is_integral_v<T>) {
      word(static_cast<uint64_t>(held));
    } else if constexpr (std::is_same_v<T, float>) {
      word(std::bit_cast<uint32_t>(held == 0.0F ? 0.0F : held));  // -0 == 0
    } else if constexpr (std::is_same_v<T, std::string>) {
      text(held);
    } else if constexpr (std::is_same_v<T, GraphRef>) {
      word(held == nullptr ? 0 : contents_ ? structural_hash(*held) : topology_hash(*held));
    } else {
      word(held.size());
      for (const auto item : held) {
        member(item);
      }
    }
  }

  uint64_t state_ = 0x243F6A8885A308D3ULL;
  bool contents_ = true;
};

uint64_t hash_graph(const Graph& graph, bool contents) {
  std::vector<uint64_t> of_value(graph.value_slots(), 0);
  std::vector<uint64_t> parts;  // nodes and values without producer, as a multiset
  const auto describe = [&](Hasher& hasher, const Value& value) {
    if (contents) {
      hasher.type(value.type);
      hasher.quant(value);
    }
  };
  for (const ValueId id : graph.values()) {
    const Value& value = graph.value(id);
    if (value.producer != NodeId::none) {
      continue;
    }
    Hasher hasher;
    describe(hasher, value);
    hasher.word(value.constant.has_value());
    if (!value.constant) {
      hasher.text(value.name);
    } else if (contents) {
      hasher.bytes(value.constant->bytes());
    }
    of_value[static_cast<size_t>(id)] = hasher.done();
    parts.push_back(hasher.done());
  }
  for (const NodeId id : graph.topo_order()) {
    const Node& node = graph.node(id);
    Hasher hasher;
    hasher.word(static_cast<uint64_t>(node.op));
    hasher.attrs(node.attrs, contents);
    for (const ValueId input : node.inputs) {
      hasher.word(input == ValueId::none ? 1 : of_value[static_cast<size_t>(input)]);
    }
    for (size_t i = 0; i < node.outputs.size(); ++i) {
      hasher.word(i);
      if (node.outputs[i] == ValueId::none) {
        continue;
      }
      describe(hasher, graph.value(node.outputs[i]));
      Hasher one = hasher;
      one.word(1);
      of_value[static_cast<size_t>(node.outputs[i])] = one.done();
    }
    parts.push_back(hasher.done());
  }
  Hasher whole;
  whole.text(graph.name);
  whole.word(contents ? static_cast<uint64_t>(graph.stage) : 0);
  for (const std::vector<ValueId>* ends : {&graph.inputs(), &graph.outputs()}) {
    whole.word(ends->size());
    for (const ValueId id : *ends) {
      whole.text(graph.value(id).name);
      whole.word(of_value[static_cast<size_t>(id)]);
    }
  }
  std::ranges::sort(parts);
  std::ranges::for_each(parts, [&](uint64_t part) { whole.word(part); });
  return whole.done();
}

}  // namespace

std::string first_difference(const Graph& a, const Graph& b, std::span<const ValueId> any) {
  return Matcher(a, b, any).run();
}

uint64_t structural_hash(const Graph& graph) { return hash_graph(graph, true); }
uint64_t topology_hash(const Graph& graph) { return hash_graph(graph, false); }

}  // namespace dsq
