#include "src/ir/parse.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

#include "src/ir/half.h"
#include "src/ir/lexer.h"
#include "src/support/rng.h"

namespace dsq {
namespace {

void set_element(Tensor& tensor, int64_t index, double value, int64_t integer) {
  const auto i = static_cast<size_t>(index);
  const auto put = [&]<class T>(T typed) { tensor.mutable_values<T>()[i] = typed; };
  switch (tensor.dtype()) {
    case DType::f32: return put(static_cast<float>(value));
    case DType::f64: return put(value);
    case DType::i8: return put(static_cast<int8_t>(integer));
    case DType::u8: return put(static_cast<uint8_t>(integer));
    case DType::i16: return put(static_cast<int16_t>(integer));
    case DType::u16: return put(static_cast<uint16_t>(integer));
    case DType::i32: return put(static_cast<int32_t>(integer));
    case DType::u32: return put(static_cast<uint32_t>(integer));
    case DType::i64: return put(integer);
    case DType::u64: return put(static_cast<uint64_t>(integer));
    case DType::boolean: return put(integer != 0);
    case DType::f16:
    case DType::bf16: {
      const uint16_t bits =
          tensor.dtype() == DType::f16 ? f32_to_f16(static_cast<float>(value)) : f32_to_bf16(static_cast<float>(value));
      reinterpret_cast<uint16_t*>(tensor.mutable_bytes().data())[i] = bits;
      return;
    }
    case DType::i4:
    case DType::u4: return set_nibble(tensor.mutable_bytes().data(), index, static_cast<int>(integer));
  }
}

class Parser {
 public:
  explicit Parser(std::string_view text) : lexer_(text) {}

  Result<ParsedGraph> top() {
    DSQ_TRY(graph());
    DSQ_TRY(lexer_.expect_end());
    return std::move(done_);
  }

 private:
  struct Name {
    std::string text;  // "_": absent
    size_t place = 0;
  };
  // Names are resolved when the closing brace is reached, so uses may come before definitions.
  struct Pending {
    NodeId node;
    std::vector<Name> inputs;
  };

  Result<void> graph() {
    done_ = {};
    Graph& g = done_.graph;
    std::map<std::string, ValueId> ids;
    std::vector<Pending> pending;
    DSQ_TRY(lexer_.expect_word("graph"));
    if (lexer_.at_string()) {
      g.name = DSQ_TRY(lexer_.string());
    }
    if (lexer_.accept_word("stage")) {
      DSQ_TRY(lexer_.expect("="));
      const std::optional<Stage> stage = stage_from(DSQ_TRY(lexer_.word()));
      if (!stage) {
        return lexer_.error("unknown stage");
      }
      g.stage = *stage;
    }
    DSQ_TRY(lexer_.expect("("));
    while (!lexer_.accept(")")) {
      const Name name = DSQ_TRY(value_name());
      DSQ_TRY(lexer_.expect(":"));
      const ValueId id = g.add_input(name.text, DSQ_TRY(type()));
      DSQ_TRY(define(g, ids, name, id));
      DSQ_TRY(annotations(g, id));
      lexer_.accept(",");
    }
    DSQ_TRY(lexer_.expect("->"));
    const std::vector<Name> outputs = DSQ_TRY(name_list());
    DSQ_TRY(lexer_.expect("{"));
    while (!lexer_.accept("}")) {
      DSQ_TRY(statement(g, ids, pending));
    }
    const auto resolve = [&](const Name& name) -> Result<ValueId> {
      if (name.text == "_") {
        return ValueId::none;
      }
      const auto found = ids.find(name.text);
      if (found == ids.end()) {
        return lexer_.error("%" + name.text + " is not defined", name.place);
      }
      return found->second;
    };
    for (const Pending& use : pending) {
      std::vector<ValueId> inputs;
      for (const Name& name : use.inputs) {
        inputs.push_back(DSQ_TRY(resolve(name)));
      }
      g.set_inputs(use.node, std::move(inputs));
    }
    std::vector<ValueId> output_ids;
    for (const Name& name : outputs) {
      output_ids.push_back(DSQ_TRY(resolve(name)));
      if (output_ids.back() == ValueId::none) {
        return lexer_.error("a graph output cannot be absent", name.place);
      }
    }
    g.set_outputs(std::move(output_ids));
    return {};
  }

  Result<void> define(Graph& g, std::map<std::string, ValueId>& ids, const Name& name, ValueId id) {
    if (!ids.emplace(name.text, id).second || g.value(id).name != name.text) {
      return lexer_.error("%" + name.text + " is defined twice", name.place);
    }
    return {};
  }

  Result<void> statement(Graph& g, std::map<std::string, ValueId>& ids, std::vector<Pending>& pending) {
    std::vector<Name> names;
    do {
      names.push_back(DSQ_TRY(value_name()));
    } while (lexer_.accept(","));
    DSQ_TRY(lexer_.expect("="));
    if (lexer_.accept_word("const")) {
      if (names.size() != 1 || names[0].text == "_") {
        return lexer_.error("a constant has one name");
      }
      bool any = false;
      const ValueId id = g.add_constant(names[0].text, DSQ_TRY(constant(DSQ_TRY(type()), any)));
      if (any) {
        done_.any.push_back(id);
      }
      DSQ_TRY(define(g, ids, names[0], id));
      return annotations(g, id);
    }
    const std::string op_name = DSQ_TRY(lexer_.word());
    const std::optional<OpKind> op = op_kind_from(op_name);
    if (!op) {
      return lexer_.error("unknown operator '" + op_name + "'");
    }
    Pending use{NodeId::none, DSQ_TRY(name_list())};
    Attrs attrs = default_attrs(*op);
    DSQ_TRY(attributes(attrs));
    std::string node_name;
    if (lexer_.accept("@")) {
      node_name = DSQ_TRY(lexer_.string());
    } else {
      node_name = names[0].text == "_" ? "" : names[0].text;
    }
    std::vector<std::string> output_names;
    for (const Name& name : names) {
      output_names.push_back(name.text == "_" ? "" : name.text);
    }
    use.node = g.add_node(*op, node_name, std::move(attrs), {}, output_names);
    const std::vector<ValueId> outputs = g.node(use.node).outputs;
    for (size_t i = 0; i < outputs.size(); ++i) {
      if (outputs[i] != ValueId::none) {
        DSQ_TRY(define(g, ids, names[i], outputs[i]));
      }
    }
    if (lexer_.accept(":")) {
      bool first = true;
      for (const ValueId output : outputs) {
        if (output == ValueId::none) {
          continue;
        }
        if (!first) {
          DSQ_TRY(lexer_.expect(","));
        }
        first = false;
        g.set_type(output, DSQ_TRY(type()));
        DSQ_TRY(annotations(g, output));
      }
    }
    pending.push_back(std::move(use));
    return {};
  }

  Result<Name> value_name() {
    const size_t place = lexer_.place();
    if (lexer_.accept_word("_")) {
      return Name{"_", place};
    }
    DSQ_TRY(lexer_.expect("%"));
    return Name{DSQ_TRY(lexer_.at_string() ? lexer_.string() : lexer_.bare_name()), place};
  }

  Result<std::vector<Name>> name_list() {
    std::vector<Name> names;
    DSQ_TRY(lexer_.expect("("));
    while (!lexer_.accept(")")) {
      names.push_back(DSQ_TRY(value_name()));
      lexer_.accept(",");
    }
    return names;
  }

  Result<TensorType> type() {
    const std::string name = DSQ_TRY(lexer_.word());
    const std::optional<DType> dtype = dtype_from(name);
    if (!dtype) {
      return lexer_.error("unknown element type '" + name + "'");
    }
    TensorType type{*dtype, Shape{}};
    DSQ_TRY(lexer_.expect("["));
    if (lexer_.accept("*")) {
      type.shape.reset();
      DSQ_TRY(lexer_.expect("]"));
      return type;
    }
    while (!lexer_.accept("]")) {
      type.shape->push_back(lexer_.accept("?") ? kUnknown : DSQ_TRY(lexer_.integer()));
      if (type.shape->back() < kUnknown) {
        return lexer_.error("negative dimension");
      }
      lexer_.accept(",");
    }
    return type;
  }

  Result<Tensor> constant(const TensorType& type, bool& any) {
    if (!type.known() || !checked_count(*type.shape)) {
      return lexer_.error("a constant needs a full shape of reasonable size");
    }
    if (count_of(*type.shape) > (int64_t{1} << 26)) {
      return lexer_.error("constants in text are limited to 64 Mi elements");
    }
    Tensor tensor(type.dtype, *type.shape);
    if (lexer_.accept_word("any")) {
      any = true;
    } else if (lexer_.accept_word("rand")) {
      DSQ_TRY(lexer_.expect("("));
      DSQ_TRY(lexer_.expect_word("seed"));
      DSQ_TRY(lexer_.expect("="));
      Rng rng(static_cast<uint64_t>(DSQ_TRY(lexer_.integer())));
      DSQ_TRY(lexer_.expect(")"));
      for (int64_t i = 0; i < tensor.count(); ++i) {
        is_float(type.dtype) ? set_element(tensor, i, rng.uniform(-1.0F, 1.0F), 0)
                             : set_element(tensor, i, 0, rng.below(10));
      }
    } else if (lexer_.accept_word("fill")) {
      DSQ_TRY(lexer_.expect("("));
      const Lexer::Number value = DSQ_TRY(lexer_.number());
      DSQ_TRY(lexer_.expect(")"));
      for (int64_t i = 0; i < tensor.count(); ++i) {
        set_element(tensor, i, value.real, value.integer);
      }
    } else if (lexer_.accept_word("hex")) {
      DSQ_TRY(hex_bytes(tensor));
    } else {
      DSQ_TRY(lexer_.expect("{"));
      for (int64_t i = 0; i < tensor.count(); ++i) {
        const Lexer::Number value = DSQ_TRY(lexer_.number());
        set_element(tensor, i, value.real, value.integer);
        if (i + 1 < tensor.count()) {
          DSQ_TRY(lexer_.expect(","));
        }
      }
      DSQ_TRY(lexer_.expect("}"));
    }
    return tensor;
  }

  Result<void> hex_bytes(Tensor& tensor) {
    const std::string digits = DSQ_TRY(lexer_.string());
    const std::span<std::byte> bytes = tensor.mutable_bytes();
    if (digits.size() != bytes.size() * 2) {
      return lexer_.error("hex data of the wrong length");
    }
    for (size_t i = 0; i < bytes.size(); ++i) {
      unsigned byte = 0;
      const auto [end, code] = std::from_chars(&digits[2 * i], &digits[2 * i] + 2, byte, 16);
      if (code != std::errc() || end != &digits[2 * i] + 2) {
        return lexer_.error("not a hex digit");
      }
      bytes[i] = static_cast<std::byte>(byte);
    }
    return {};
  }

  Result<void> annotations(Graph& g, ValueId id) {
    if (lexer_.accept_word("spec")) {
      QuantSpec spec;
      DSQ_TRY(lexer_.expect("("));
      const std::optional<DType> storage = dtype_from(DSQ_TRY(lexer_.word()));
      if (!storage) {
        return lexer_.error("unknown storage type");
      }
      spec.storage = *storage;
      while (lexer_.accept(",")) {
        const std::string key = DSQ_TRY(lexer_.word());
        if (key == "symmetric") {
          spec.symmetric = true;
          continue;
        }
        DSQ_TRY(lexer_.expect("="));
        if (key == "range") {
          const std::string source = DSQ_TRY(lexer_.word());
          for (const RangeSource each :
               {RangeSource::fixed, RangeSource::calibrated, RangeSource::per_sample, RangeSource::per_token}) {
            spec.range = name_of(each) == source ? each : spec.range;
          }
        } else {
          DSQ_TRY(granularity(key, spec.granularity));
        }
      }
      DSQ_TRY(lexer_.expect(")"));
      g.set_spec(id, spec);
    }
    if (lexer_.accept_word("quant")) {
      QuantParams params;
      DSQ_TRY(lexer_.expect("("));
      do {
        const std::string key = DSQ_TRY(lexer_.word());
        DSQ_TRY(lexer_.expect("="));
        if (key == "scale" || key == "zero" || key == "levels") {
          DSQ_TRY(lexer_.expect("{"));
          while (!lexer_.accept("}")) {
            const Lexer::Number number = DSQ_TRY(lexer_.number());
            const IntRange range = key == "levels" ? IntRange{INT8_MIN, INT8_MAX} : IntRange{INT32_MIN, INT32_MAX};
            if (key != "scale" && (number.integer < range.low || number.integer > range.high)) {
              return lexer_.error("a zero point or level out of its range");
            }
            if (key == "scale") {
              params.scale.push_back(static_cast<float>(number.real));
            } else if (key == "zero") {
              params.zero_point.push_back(static_cast<int32_t>(number.integer));
            } else {
              params.levels.push_back(static_cast<int8_t>(number.integer));
            }
            lexer_.accept(",");
          }
        } else {
          DSQ_TRY(granularity(key, params.granularity));
        }
      } while (lexer_.accept(","));
      DSQ_TRY(lexer_.expect(")"));
      g.set_params(id, std::move(params));
    }
    return {};
  }

  Result<void> granularity(const std::string& key, Granularity& out) {
    const int64_t value = DSQ_TRY(lexer_.integer());
    if (key == "axis") {
      if (value < -1 || value > INT32_MAX) {
        return lexer_.error("an axis is -1 or counts from 0");
      }
      out.axis = static_cast<int32_t>(value);
    } else if (key == "group") {
      out.group = value;
    } else {
      return lexer_.error("unknown key '" + key + "'");
    }
    return {};
  }

  Result<void> attributes(Attrs& attrs) {
    if (!lexer_.accept("{")) {
      return {};
    }
    while (!lexer_.accept("}")) {
      const std::string key = DSQ_TRY(lexer_.word());
      DSQ_TRY(lexer_.expect("="));
      bool found = false;
      Result<void> status;
      visit_fields(attrs, [&](std::string_view name, auto& field) {
        if (name == key) {
          found = true;
          status = member(field);
        }
      });
      DSQ_TRY(std::move(status));
      if (!found) {
        return lexer_.error("no attribute '" + key + "'");
      }
      lexer_.accept(",");
    }
    return {};
  }

  template <class T>
  Result<void> member(T& field) {
    if constexpr (std::is_same_v<T, bool>) {
      field = DSQ_TRY(lexer_.word()) == "true";
    } else if constexpr (std::is_same_v<T, DType>) {
      const std::optional<DType> dtype = dtype_from(DSQ_TRY(lexer_.word()));
      if (!dtype) {
        return lexer_.error("unknown element type");
      }
      field = *dtype;
    } else if constexpr (std::is_enum_v<T>) {
      const std::string word = DSQ_TRY(lexer_.word());
      const auto names = names_of(T{});
      const auto found = std::ranges::find(names, word);
      if (found == names.end()) {
        return lexer_.error("unknown name '" + word + "'");
      }
      field = static_cast<T>(found - names.begin());
    } else if constexpr (std::is_same_v<T, std::string>) {
      field = DSQ_TRY(lexer_.string());
    } else if constexpr (std::is_same_v<T, float>) {
      field = static_cast<float>(DSQ_TRY(lexer_.number()).real);
    } else if constexpr (std::is_integral_v<T>) {
      field = DSQ_TRY(lexer_.integer());
    } else if constexpr (std::is_same_v<T, GraphRef>) {
      if (++depth_ > 16) {
        return lexer_.error("graphs nested too deeply");
      }
      ParsedGraph outer = std::move(done_);
      DSQ_TRY(graph());
      field = std::make_shared<const Graph>(std::move(done_.graph));
      done_ = std::move(outer);
      --depth_;
    } else {
      DSQ_TRY(lexer_.expect("["));
      field.clear();
      while (!lexer_.accept("]")) {
        typename T::value_type item{};
        DSQ_TRY(member(item));
        field.push_back(item);
        lexer_.accept(",");
      }
    }
    return {};
  }

  Lexer lexer_;
  ParsedGraph done_;
  int depth_ = 0;
};

}  // namespace

Result<ParsedGraph> parse_text(std::string_view text) { return Parser(text).top(); }

Result<Graph> parse(std::string_view text) {
  ParsedGraph parsed = DSQ_TRY(parse_text(text));
  if (!parsed.any.empty()) {
    return fail(Code::text_syntax, "`any` stands for no constant here");
  }
  return std::move(parsed.graph);
}

}  // namespace dsq
