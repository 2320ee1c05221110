#include "src/ir/print.h"

#include <algorithm>
#include <cctype>
#include <cmath>

#include "src/support/hash.h"

namespace dsq {
namespace {

constexpr int64_t kInlineValues = 16;

bool is_bare(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '.' || c == '/' || c == '-';
  });
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
    }
    out += c == '\n' ? ' ' : c;
  }
  return out + '"';
}

std::string name_text(std::string_view name) { return "%" + (is_bare(name) ? std::string(name) : quoted(name)); }

std::string number_text(double value, bool is_double) {
  if (std::isnan(value)) {
    return "nan";
  }
  if (std::isinf(value)) {
    return value > 0 ? "inf" : "-inf";
  }
  return is_double ? fmt::format("{}", value) : fmt::format("{}", static_cast<float>(value));
}

template <class List>
std::string list_text(const List& items) {
  std::string out = "{";
  for (const auto item : items) {
    out += out.size() > 1 ? ", " : "";
    if constexpr (std::is_floating_point_v<std::remove_cvref_t<decltype(item)>>) {
      out += number_text(item, false);
    } else {
      out += std::to_string(item);
    }
  }
  return out + "}";
}

std::string element_text(const Tensor& tensor, int64_t index) {
  if (is_float(tensor.dtype())) {
    return number_text(element(tensor, index), tensor.dtype() == DType::f64);
  }
  if (tensor.dtype() == DType::u64) {
    return std::to_string(tensor.values<uint64_t>()[static_cast<size_t>(index)]);
  }
  if (tensor.dtype() == DType::i64) {
    return std::to_string(tensor.values<int64_t>()[static_cast<size_t>(index)]);
  }
  return std::to_string(static_cast<int64_t>(element(tensor, index)));
}

std::string constant_text(const Tensor& tensor, const PrintOptions& options) {
  const int64_t count = tensor.count();
  if (count <= kInlineValues) {
    std::string out = "{";
    for (int64_t i = 0; i < count; ++i) {
      out += (i == 0 ? "" : ", ") + element_text(tensor, i);
    }
    return out + "}";
  }
  const std::span<const std::byte> bytes = tensor.bytes();
  const auto width = static_cast<size_t>(std::max(bits_of(tensor.dtype()) / 8, 1));
  const bool uniform =
      bits_of(tensor.dtype()) >= 8 && std::equal(bytes.begin() + static_cast<long>(width), bytes.end(), bytes.begin());
  if (uniform && !std::isnan(element(tensor, 0))) {
    return "fill(" + element_text(tensor, 0) + ")";
  }
  if (options.elide_constants) {
    return "any";
  }
  return "hex\"" + hex({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}) + "\"";
}

std::string spec_text(const QuantSpec& spec) {
  std::string out =
      fmt::format(" spec({}, axis={}, group={}", name_of(spec.storage), spec.granularity.axis, spec.granularity.group);
  return out + (spec.symmetric ? ", symmetric" : "") + fmt::format(", range={})", name_of(spec.range));
}

std::string params_text(const QuantParams& params) {
  std::string out = fmt::format(" quant(axis={}, group={}, scale={}", params.granularity.axis, params.granularity.group,
                                list_text(params.scale));
  if (!params.zero_point.empty()) {
    out += ", zero=" + list_text(params.zero_point);
  }
  if (!params.levels.empty()) {
    out += ", levels=" + list_text(std::vector<int>(params.levels.begin(), params.levels.end()));
  }
  return out + ")";
}

std::string quant_text(const Value& value) {
  return (value.spec ? spec_text(*value.spec) : "") + (value.params ? params_text(*value.params) : "");
}

class Printer {
 public:
  explicit Printer(const PrintOptions& options) : options_(options) {}

  std::string graph(const Graph& g, const std::string& indent) {
    std::string out =
        "graph " + (g.name.empty() ? "" : quoted(g.name) + " ") + fmt::format("stage={} (", name_of(g.stage));
    for (size_t i = 0; i < g.inputs().size(); ++i) {
      const Value& input = g.value(g.inputs()[i]);
      out += (i == 0 ? "" : ", ") + name_text(input.name) + ": " + text_of(input.type) + quant_text(input);
    }
    out += ") -> (";
    for (size_t i = 0; i < g.outputs().size(); ++i) {
      out += (i == 0 ? "" : ", ") + name_text(g.value(g.outputs()[i]).name);
    }
    out += ") {\n";
    for (const ValueId id : g.values()) {
      if (g.is_constant(id)) {
        const Value& v = g.value(id);
        out += fmt::format("{}  {} = const {} {}{}\n", indent, name_text(v.name), text_of(v.type),
                           constant_text(*v.constant, options_), quant_text(v));
      }
    }
    for (const NodeId id : g.topo_order()) {
      out += indent + "  " + node(g, g.node(id), indent + "  ") + "\n";
    }
    return out + indent + "}";
  }

 private:
  std::string node(const Graph& g, const Node& n, const std::string& indent) {
    const auto names = [&](const std::vector<ValueId>& ids) {
      std::string out;
      for (const ValueId id : ids) {
        out += (out.empty() ? "" : ", ") + (id == ValueId::none ? std::string("_") : name_text(g.value(id).name));
      }
      return out;
    };
    std::string out = names(n.outputs) + " = " + std::string(name_of(n.op)) + "(" + names(n.inputs) + ")";
    out += attrs(n, indent);
    // The name of the first output stands for the node's own, as in parsing.
    const bool unnamed = n.outputs.empty() || n.outputs.front() == ValueId::none;
    if (n.name != (unnamed ? "" : g.value(n.outputs.front()).name)) {
      out += " @" + quoted(n.name);
    }
    std::string types;
    for (const ValueId id : n.outputs) {
      if (id != ValueId::none) {
        types += (types.empty() ? " : " : ", ") + text_of(g.value(id).type) + quant_text(g.value(id));
      }
    }
    return out + types;
  }

  std::string attrs(const Node& n, const std::string& indent) {
    std::string out;
    const Attrs defaults = default_attrs(n.op);
    visit_fields(n.attrs, [&](std::string_view key, const auto& member) {
      using Member = std::remove_cvref_t<decltype(member)>;
      bool is_default = false;
      visit_fields(defaults, [&](std::string_view default_key, const auto& default_member) {
        if constexpr (std::is_same_v<Member, std::remove_cvref_t<decltype(default_member)>>) {
          is_default = is_default || (key == default_key && member == default_member);
        }
      });
      if (!is_default) {
        out += (out.empty() ? " {" : ", ") + std::string(key) + "=" + member_text(member, indent);
      }
    });
    return out.empty() ? out : out + "}";
  }

  template <class T>
  std::string member_text(const T& member, const std::string& indent) {
    if constexpr (std::is_same_v<T, bool>) {
      return member ? "true" : "false";
    } else if constexpr (std::is_same_v<T, DType>) {
      return std::string(name_of(member));
    } else if constexpr (std::is_enum_v<T>) {
      return std::string(names_of(T{})[static_cast<size_t>(member)]);
    } else if constexpr (std::is_same_v<T, std::string>) {
      return quoted(member);
    } else if constexpr (std::is_same_v<T, float>) {
      return number_text(member, false);
    } else if constexpr (std::is_integral_v<T>) {
      return std::to_string(member);
    } else if constexpr (std::is_same_v<T, GraphRef>) {
      return graph(*member, indent);
    } else {
      std::string out = "[";
      for (const auto item : member) {
        out += (out.size() > 1 ? "," : "") + member_text(item, indent);
      }
      return out + "]";
    }
  }

  PrintOptions options_;
};

}  // namespace

std::string print(const Graph& graph, const PrintOptions& options) { return Printer(options).graph(graph, "") + "\n"; }

}  // namespace dsq
