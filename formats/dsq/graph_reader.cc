#include "formats/dsq/graph_reader.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <set>

#include "formats/dsq/features.h"
#include "formats/dsq/header.h"
#include "formats/dsq/packing.h"
#include "src/ops/op_def.h"
#include "src/quant/scale_map.h"

namespace dsq {
namespace {

constexpr int64_t kMaxDimension = int64_t{1} << 40;
constexpr size_t kMaxText = 1 << 16;

template <class... Args>
Error invalid(fmt::format_string<Args...> format, Args&&... args) {
  return fail(Code::dsq_invalid, format, std::forward<Args>(args)...);
}

// The hashes fit, so a word that is not known comes from a newer writer.
Error unknown(std::string_view what, std::string_view word) {
  return fail(Code::dsq_newer, "{} '{}' is not known to this version", what, word);
}

std::string_view view(const flatbuffers::String* text) {
  return text == nullptr ? std::string_view() : std::string_view(text->data(), text->size());
}

Result<DType> dtype(const flatbuffers::String* stored) {
  const std::optional<DType> found = dtype_from(view(stored));
  if (!found) {
    return unknown("element type", view(stored));
  }
  return *found;
}

Result<Shape> shape(const flatbuffers::Vector<int64_t>& stored) {
  if (stored.size() > kMaxRank) {
    return invalid("a shape has {} dimensions", stored.size());
  }
  Shape out(stored.begin(), stored.end());
  Shape known;
  for (const int64_t d : out) {
    if (d < kUnknown) {
      return invalid("negative dimension in a shape");
    }
    known.push_back(d == kUnknown ? 1 : d);
  }
  if (!checked_count(known)) {
    return invalid("{} is too large", text_of(out));
  }
  return out;
}

// Bytes that no element can have: what is not 0 or 1 in a bool, and a last nibble that is not used.
bool has_stray_bits(DType type, int64_t count, std::span<const std::byte> bytes) {
  if (type == DType::boolean) {
    return std::ranges::any_of(bytes, [](std::byte b) { return b > std::byte{1}; });
  }
  return bits_of(type) == 4 && count % 2 == 1 && (bytes.back() >> 4) != std::byte{0};
}

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
  const std::string_view found = view(stored);
  if (found.size() > kMaxText) {
    return invalid("a name has {} bytes", found.size());
  }
  DSQ_TRY(budget_.take(found.size()));
  return std::string(found);
}

Result<Tensor> GraphReader::tensor(const fb::Tensor& t) {
  const DType type = DSQ_TRY(dtype(t.dtype()));
  const Shape dims = DSQ_TRY(shape(*t.shape()));
  const Result<int64_t> count = checked_count(dims);
  if (!count) {
    return invalid("a constant has the open shape {}", text_of(dims));
  }
  const auto bytes = static_cast<uint64_t>(bytes_of(type, *count));
  if (t.small() != nullptr) {
    if (bytes != t.small()->size() || bytes > kSmallTensor || t.offset() != 0 || t.size() != 0 || t.bits() != 0) {
      return invalid("a small tensor of type {}{} has {} bytes", name_of(type), text_of(dims), t.small()->size());
    }
    const auto data = std::as_bytes(std::span(t.small()->data(), t.small()->size()));
    if (has_stray_bits(type, *count, data)) {
      return invalid("a {} tensor holds impossible values", name_of(type));
    }
    DSQ_TRY(budget_.take(kSmallTensor));
    Tensor out(type, dims);
    std::ranges::copy(data, out.mutable_bytes().begin());
    return out;
  }
  if (t.bits() != 0 && (t.bits() > 7 || (type != DType::i8 && type != DType::u8))) {
    return invalid("{} tensors are not packed to {} bits", name_of(type), t.bits());
  }
  const uint64_t stored = t.bits() == 0 ? bytes : packed_bytes(static_cast<uint64_t>(*count), t.bits());
  if (t.size() != stored || t.offset() > data_.size() || stored > data_.size() - t.offset() ||
      t.offset() % tensor_alignment(stored) != 0) {
    return invalid("a tensor of type {}{} does not lie in the data section as it must", name_of(type), text_of(dims));
  }
  const std::span<const std::byte> data = data_.subspan(t.offset(), stored);
  if (t.bits() != 0) {
    DSQ_TRY(budget_.take(bytes));
    return unpack_bits(type, dims, data, t.bits());
  }
  if (has_stray_bits(type, *count, data)) {
    return invalid("a {} tensor holds impossible values", name_of(type));
  }
  return Tensor::borrow(type, dims, owner_, data.data());
}

Result<void> GraphReader::read_tensors() {
  for (const fb::Tensor* t : *model_.tensors()) {
    DSQ_TRY(budget_.take(sizeof(Tensor) + 8 * kMaxRank));
    tensors_.push_back(DSQ_TRY(tensor(*t)));
  }
  is_scale_.resize(tensors_.size());
  return {};
}

Result<QuantParams> GraphReader::quant_params(const fb::QuantParams& stored, const TensorType& type, std::optional<DType> storage) {
  if (stored.scale() >= tensors_.size() || tensors_[stored.scale()].dtype() != DType::f32 || tensors_[stored.scale()].rank() != 1) {
    return invalid("a scale is not a vector of f32");
  }
  is_scale_[stored.scale()] = true;
  const std::span<const float> scale = tensors_[stored.scale()].values<float>();
  DSQ_TRY(budget_.take(scale.size_bytes() * 2));
  QuantParams out;
  out.granularity = {stored.axis(), stored.group()};
  out.scale.assign(scale.begin(), scale.end());
  if (!std::ranges::all_of(scale, [](float s) { return std::isfinite(s) && s > 0; })) {
    return invalid("a scale is not positive and finite");
  }
  const auto axis = static_cast<int64_t>(stored.axis());
  size_t scales = 1;
  if (axis < -1 || stored.group() < 0 || stored.group() > kMaxDimension || (axis == -1 && stored.group() != 0) ||
      (axis >= 0 && axis >= type.rank())) {
    return invalid("axis {} and group {} do not fit {}", axis, stored.group(), text_of(type));
  }
  if (axis >= 0) {
    const int64_t channels = (*type.shape)[static_cast<size_t>(axis)];
    if (channels == kUnknown || (stored.group() > 0 && !type.known())) {
      return invalid("scales along an open dimension of {}", text_of(type));
    }
    scales = stored.group() == 0 ? static_cast<size_t>(channels) : ScaleMap(*type.shape, out.granularity).scales();
  }
  if (scale.size() != scales) {
    return invalid("{} scales where {} are needed", scale.size(), scales);
  }
  if (stored.zero_point() != nullptr) {
    out.zero_point.assign(stored.zero_point()->begin(), stored.zero_point()->end());
    const IntRange range = storage ? range_of(*storage) : IntRange{INT32_MIN, INT32_MAX};
    const bool in_range = std::ranges::all_of(out.zero_point, [&](int32_t z) { return z >= range.low && z <= range.high; });
    if ((out.zero_point.size() != 1 && out.zero_point.size() != scales) || !in_range) {
      return invalid("zero points of a wrong number, or outside their type");
    }
  }
  if (stored.levels() != nullptr) {
    out.levels.assign(stored.levels()->begin(), stored.levels()->end());
    const bool ascending = std::ranges::adjacent_find(out.levels, std::greater_equal<>()) == out.levels.end();
    if (out.levels.size() != 16 || !ascending || !out.zero_point.empty() || (storage && bits_of(*storage) != 4)) {
      return invalid("a level table is not 16 ascending levels of a 4-bit type");
    }
  }
  return out;
}

Result<void> GraphReader::annotate(const fb::Value& stored, Graph& g, ValueId id) {
  const TensorType& type = g.value(id).type;
  std::optional<DType> storage = is_integer(type.dtype) && bits_of(type.dtype) <= 32 ? std::optional(type.dtype) : std::nullopt;
  if (stored.spec() != nullptr) {
    QuantSpec spec;
    spec.storage = DSQ_TRY(dtype(stored.spec()->storage()));
    spec.granularity = {stored.spec()->axis(), stored.spec()->group()};
    spec.symmetric = stored.spec()->symmetric();
    constexpr auto kSources = std::to_array({RangeSource::fixed, RangeSource::calibrated, RangeSource::per_sample, RangeSource::per_token});
    const auto source = std::ranges::find(kSources, view(stored.spec()->range()), [](RangeSource s) { return name_of(s); });
    if (source == kSources.end()) {
      return unknown("range", view(stored.spec()->range()));
    }
    if (!is_integer(spec.storage) || bits_of(spec.storage) > 32 || spec.granularity.axis < -1 || spec.granularity.group < 0) {
      return invalid("the wanted quantization of '{}' is impossible", g.value(id).name);
    }
    spec.range = *source;
    storage = storage ? storage : spec.storage;
    g.set_spec(id, spec);
  }
  if (stored.params() != nullptr) {
    Result<QuantParams> params = quant_params(*stored.params(), type, storage);
    if (!params) {
      return std::move(params).error().with("value '" + g.value(id).name + "'");
    }
    g.set_params(id, std::move(*params));
  }
  return {};
}

template <class T>
Result<void> GraphReader::attribute(const fb::Attribute& stored, int depth, T& member) {
  const auto wrong = [&] { return invalid("attribute '{}' is of another kind", view(stored.name())); };
  constexpr bool kIsWord = std::is_same_v<T, DType> || std::is_same_v<T, std::string> || (std::is_enum_v<T>);
  constexpr bool kIsNumber = std::is_integral_v<T>;
  if constexpr (std::is_same_v<T, GraphRef>) {
    if (stored.graph() == nullptr) {
      return wrong();
    }
    member = std::make_shared<const Graph>(DSQ_TRY(graph(*stored.graph(), depth + 1)));
  } else if constexpr (kIsWord) {
    if (stored.words() == nullptr || stored.words()->size() != 1) {
      return wrong();
    }
    const flatbuffers::String* word = stored.words()->Get(0);
    if constexpr (std::is_same_v<T, DType>) {
      member = DSQ_TRY(dtype(word));
    } else if constexpr (std::is_same_v<T, std::string>) {
      member = DSQ_TRY(text(word));
    } else {
      constexpr auto kNames = names_of(T{});
      const auto found = std::ranges::find(kNames, view(word));
      if (found == kNames.end()) {
        return unknown("word", view(word));
      }
      member = static_cast<T>(found - kNames.begin());
    }
  } else if constexpr (kIsNumber) {
    if (stored.ints() == nullptr || stored.ints()->size() != 1) {
      return wrong();
    }
    const int64_t number = stored.ints()->Get(0);
    if (std::is_same_v<T, bool> && number != 0 && number != 1) {
      return wrong();
    }
    member = static_cast<T>(number);
  } else if constexpr (std::is_same_v<T, float>) {
    if (stored.floats() == nullptr || stored.floats()->size() != 1) {
      return wrong();
    }
    member = stored.floats()->Get(0);
  } else if constexpr (std::is_same_v<T, Shape>) {
    if (stored.ints() == nullptr) {
      return wrong();
    }
    DSQ_TRY(budget_.take(8 * uint64_t{stored.ints()->size()}));
    member.assign(stored.ints()->begin(), stored.ints()->end());
  } else if constexpr (std::is_same_v<T, std::vector<float>>) {
    if (stored.floats() == nullptr) {
      return wrong();
    }
    DSQ_TRY(budget_.take(4 * uint64_t{stored.floats()->size()}));
    member.assign(stored.floats()->begin(), stored.floats()->end());
  } else {
    if (stored.words() == nullptr) {
      return wrong();
    }
    DSQ_TRY(budget_.take(stored.words()->size()));
    member.clear();
    constexpr auto kNames = names_of(typename T::value_type{});
    for (const flatbuffers::String* word : *stored.words()) {
      const auto found = std::ranges::find(kNames, view(word));
      if (found == kNames.end()) {
        return unknown("word", view(word));
      }
      member.push_back(static_cast<typename T::value_type>(found - kNames.begin()));
    }
  }
  return {};
}

Result<Attrs> GraphReader::attributes(OpKind op, const fb::Node& stored, int depth) {
  Attrs attrs = default_attrs(op);
  std::set<std::string_view> seen;
  if (stored.attributes() != nullptr) {
    for (const fb::Attribute* each : *stored.attributes()) {
      bool found = false;
      Result<void> status;
      visit_fields(attrs, [&](std::string_view name, auto& member) {
        if (name == view(each->name())) {
          found = true;
          status = attribute(*each, depth, member);
        }
      });
      DSQ_TRY(std::move(status));
      if (!found) {
        return unknown("attribute", view(each->name()));
      }
      const int kinds = (each->ints() != nullptr) + (each->floats() != nullptr) + (each->words() != nullptr) + (each->graph() != nullptr);
      if (kinds != 1 || !seen.insert(view(each->name())).second) {
        return invalid("attribute '{}' is given twice", view(each->name()));
      }
    }
  }
  bool complete = true;
  visit_fields(attrs, [&](std::string_view, const auto& member) {
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(member)>, GraphRef>) {
      complete = complete && member != nullptr;
    }
  });
  if (!complete) {
    return invalid("{} lacks its nested graph", name_of(op));
  }
  return attrs;
}

// The next value of the file becomes a constant of the graph.
Result<void> GraphReader::constant(const fb::Graph& stored, Graph& g) {
  const fb::Value& v = *stored.values()->Get(static_cast<uint32_t>(g.value_slots()));
  if (v.constant() < 0 || static_cast<size_t>(v.constant()) >= tensors_.size()) {
    return invalid("the constant '{}' has no data", view(v.name()));
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
    const std::optional<OpKind> op = op_kind_from(view(node->op()));
    if (!op) {
      return unknown("operator", view(node->op()));
    }
    const OpDef& def = op_def(*op);
    const size_t input_count = node->inputs() == nullptr ? 0 : node->inputs()->size();
    const size_t output_count = node->outputs() == nullptr ? 0 : node->outputs()->size();
    const auto within = [](size_t n, int low, int high) { return n >= static_cast<size_t>(low) && (high < 0 || n <= static_cast<size_t>(high)); };
    if (!within(input_count, def.min_inputs, def.max_inputs) || !within(output_count, def.min_outputs, def.max_outputs)) {
      return invalid("{} with {} inputs and {} outputs", name_of(*op), input_count, output_count);
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
      g.set_type(id, {DSQ_TRY(dtype(v.dtype())), v.shape() == nullptr ? std::optional<Shape>() : DSQ_TRY(shape(*v.shape()))});
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
  const std::optional<Stage> stage = stage_from(view(stored.stage()));
  if (!stage) {
    return unknown("stage", view(stored.stage()));
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
    const TensorType type{DSQ_TRY(dtype(v.dtype())), v.shape() == nullptr ? std::optional<Shape>() : DSQ_TRY(shape(*v.shape()))};
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
    return invalid("the value '{}' is made by nothing", view(values.Get(static_cast<uint32_t>(g.value_slots()))->name()));
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
