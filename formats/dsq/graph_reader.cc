#include "formats/dsq/graph_reader.h"

#include <set>

#include "formats/dsq/features.h"
#include "formats/dsq/stored.h"
#include "src/ops/op_def.h"
#include "src/support/strings.h"

namespace dsq {
namespace {

constexpr size_t kMaxText = 1 << 16;

// Operators whose fp32 inputs are factors and offsets of integers.
bool scales_integers(OpKind op) {
  using enum OpKind;
  return op == qconv || op == qconv_transpose || op == qlinear || op == qadd || op == qavg_pool || op == requantize ||
         op == quantize || op == dequantize;
}

}  // namespace

Result<void> Budget::take(uint64_t bytes) {
  if (bytes > left_) {
    return invalid("the file asks for far more memory than its size can justify");
  }
  left_ -= bytes;
  return {};
}

Result<std::string> GraphReader::text(const flatbuffers::String* stored) {
  const std::string_view found = text_of(stored);
  if (found.size() > kMaxText) {
    return invalid("a name has {} bytes", found.size());
  }
  DSQ_TRY(budget_.take(found.size()));
  return std::string(found);
}

// The next value of the file becomes a constant of the graph.
Result<void> GraphReader::constant(const fb::Graph& stored, Graph& g) {
  const fb::Value& v = *stored.values()->Get(static_cast<uint32_t>(g.value_slots()));
  if (v.constant() < 0 || static_cast<size_t>(v.constant()) >= tensors_.size()) {
    return invalid("the constant '{}' has no data", text_of(v.name()));
  }
  const std::string name = DSQ_TRY(text(v.name()));
  const ValueId id = g.add_constant(name, tensors_[static_cast<size_t>(v.constant())]);
  if (name.empty() || g.value(id).name != name) {
    return invalid("the name '{}' is empty or used twice", name);
  }
  return annotate(v, g, id);
}

Result<void> GraphReader::nodes(const fb::Graph& stored, int depth, Graph& g) {
  const auto& values = *stored.values();
  const auto next = [&] { return static_cast<int64_t>(g.value_slots()); };
  for (const fb::Node* node : *stored.nodes()) {
    const std::optional<OpKind> op = op_kind_from(text_of(node->op()));
    if (!op) {
      return unknown("operator", text_of(node->op()));
    }
    const OpDef& def = op_def(*op);
    const size_t input_count = node->inputs() == nullptr ? 0 : node->inputs()->size();
    const size_t output_count = node->outputs() == nullptr ? 0 : node->outputs()->size();
    const auto within = [](size_t n, int low, int high) {
      return n >= static_cast<size_t>(low) && (high < 0 || n <= static_cast<size_t>(high));
    };
    if (!within(input_count, def.min_inputs, def.max_inputs) ||
        !within(output_count, def.min_outputs, def.max_outputs)) {
      return invalid("{} with {} and {}", name_of(*op), plural(input_count, "input"), plural(output_count, "output"));
    }
    DSQ_TRY(budget_.take(sizeof(Node) + 8 * (input_count + output_count)));
    std::vector<ValueId> inputs;
    for (size_t i = 0; i < input_count; ++i) {
      const int64_t id = node->inputs()->Get(static_cast<uint32_t>(i));
      if (id < -1 || id >= next() || (id == -1 && i < static_cast<size_t>(def.min_inputs))) {
        return invalid("an input of {} does not exist yet", name_of(*op));
      }
      inputs.push_back(static_cast<ValueId>(id));
    }
    std::vector<std::string> names;
    int64_t expected = next();
    for (size_t i = 0; i < output_count; ++i) {
      const int64_t id = node->outputs()->Get(static_cast<uint32_t>(i));
      if (id == -1) {
        names.emplace_back();
        continue;
      }
      if (id != expected || id >= values.size() || values.Get(static_cast<uint32_t>(id))->constant() != -1) {
        return invalid("the outputs of {} are not numbered in order", name_of(*op));
      }
      ++expected;
      names.push_back(DSQ_TRY(text(values.Get(static_cast<uint32_t>(id))->name())));
      if (names.back().empty()) {
        return invalid("a value has no name");
      }
    }
    Attrs attrs = DSQ_TRY(attributes(*op, *node, depth));
    std::string name = node->name() == nullptr && !names.empty() ? names.front() : DSQ_TRY(text(node->name()));
    const NodeId made = g.add_node(*op, std::move(name), std::move(attrs), inputs, names);
    for (size_t i = 0; i < output_count; ++i) {
      const ValueId id = g.node(made).outputs[i];
      if (id == ValueId::none) {
        continue;
      }
      const fb::Value& v = *values.Get(static_cast<uint32_t>(id));
      if (g.value(id).name != names[i]) {
        return invalid("the name '{}' is used twice", names[i]);
      }
      g.set_type(id, {DSQ_TRY(dtype_of(v.dtype())),
                      v.shape() == nullptr ? std::optional<Shape>() : DSQ_TRY(shape_of(*v.shape()))});
      DSQ_TRY(annotate(v, g, id));
    }
  }
  return {};
}

Result<Graph> GraphReader::graph(const fb::Graph& stored, int depth) {
  if (depth > kMaxNesting) {
    return invalid("graphs are nested more than {} deep", kMaxNesting);
  }
  Graph g;
  g.name = DSQ_TRY(text(stored.name()));
  const std::optional<Stage> stage = stage_from(text_of(stored.stage()));
  if (!stage) {
    return unknown("stage", text_of(stored.stage()));
  }
  g.stage = *stage;
  const auto& values = *stored.values();
  DSQ_TRY(budget_.take(2 * sizeof(Value) * uint64_t{values.size()}));
  if (stored.inputs() > values.size()) {
    return invalid("more inputs than values");
  }
  for (uint32_t i = 0; i < stored.inputs(); ++i) {
    const fb::Value& v = *values.Get(i);
    const std::string name = DSQ_TRY(text(v.name()));
    const TensorType type{DSQ_TRY(dtype_of(v.dtype())),
                          v.shape() == nullptr ? std::optional<Shape>() : DSQ_TRY(shape_of(*v.shape()))};
    const ValueId id = g.add_input(name, type);
    if (name.empty() || g.value(id).name != name || v.constant() != -1) {
      return invalid("the input '{}' has no name of its own, or is a constant", name);
    }
    DSQ_TRY(annotate(v, g, id));
  }
  while (g.value_slots() < values.size() && values.Get(static_cast<uint32_t>(g.value_slots()))->constant() != -1) {
    DSQ_TRY(constant(stored, g));
  }
  DSQ_TRY(nodes(stored, depth, g));
  if (g.value_slots() != values.size()) {
    return invalid("the value '{}' is made by nothing",
                   text_of(values.Get(static_cast<uint32_t>(g.value_slots()))->name()));
  }
  std::vector<ValueId> outputs;
  for (const int32_t id : *stored.outputs()) {
    if (id < 0 || static_cast<uint32_t>(id) >= values.size()) {
      return invalid("a graph output does not exist");
    }
    outputs.push_back(static_cast<ValueId>(id));
  }
  g.set_outputs(std::move(outputs));
  for (const NodeId id : g.nodes()) {
    const Node& node = g.node(id);
    for (size_t i = 0; scales_integers(node.op) && i < node.inputs.size(); ++i) {
      const Tensor* t = g.constant(node.inputs[i]);
      if (t != nullptr && t->dtype() == DType::f32) {
        is_scale_[static_cast<size_t>(values.Get(static_cast<uint32_t>(node.inputs[i]))->constant())] = true;
      }
    }
  }
  return g;
}

Result<Graph> GraphReader::read() {
  DSQ_TRY(read_tensors());
  return graph(*model_.graph(), 0);
}

DsqParts GraphReader::parts() const {
  DsqParts parts;
  std::set<uint64_t> counted;
  for (uint32_t i = 0; i < tensors_.size(); ++i) {
    const fb::Tensor& t = *model_.tensors()->Get(i);
    if (t.small() != nullptr || !counted.insert(t.offset()).second) {
      continue;
    }
    const auto bytes = static_cast<int64_t>(t.size());
    const DType type = tensors_[i].dtype();
    if (is_scale_[i]) {
      parts.scales += bytes;
    } else if (type == DType::f16 || type == DType::bf16) {
      parts.fp16 += bytes;
    } else if (is_float(type)) {
      parts.floats += bytes;
    } else if (is_integer(type) && bits_of(type) <= 8) {
      parts.integers += bytes;
    }
  }
  return parts;
}

}  // namespace dsq
