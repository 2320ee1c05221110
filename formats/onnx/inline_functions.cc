#include "formats/onnx/inline_functions.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <google/protobuf/unknown_field_set.h>

namespace dsq::onnx_format {
namespace {

constexpr int kMaxDepth = 32;
constexpr int kMaxNodes = 1 << 16;

using Functions = std::map<std::pair<std::string, std::string>, const onnx::FunctionProto*>;
using Names = std::map<std::string, std::string>;

class Inliner {
 public:
  explicit Inliner(Functions functions) : functions_(std::move(functions)) {}

  Result<void> expand(google::protobuf::RepeatedPtrField<onnx::NodeProto>& nodes, int depth) {
    if (depth > kMaxDepth) {
      return fail(Code::graph_invalid, "local functions are nested more than {} deep", kMaxDepth);
    }
    google::protobuf::RepeatedPtrField<onnx::NodeProto> flat;
    for (onnx::NodeProto& node : nodes) {
      for (onnx::AttributeProto& attribute : *node.mutable_attribute()) {
        if (attribute.has_g()) {
          DSQ_TRY(expand(*attribute.mutable_g()->mutable_node(), depth + 1));
        }
      }
      const auto found = functions_.find({node.domain(), node.op_type()});
      if (found == functions_.end()) {
        flat.Add(std::move(node));
        continue;
      }
      if (Result<void> sound = check_call(*found->second, node); !sound) {
        return std::move(sound).error().at("node '" + (node.name().empty() ? node.op_type() : node.name()) + "'");
      }
      google::protobuf::RepeatedPtrField<onnx::NodeProto> body = instantiate(*found->second, node);
      DSQ_TRY(expand(body, depth + 1));
      for (onnx::NodeProto& each : body) {
        flat.Add(std::move(each));
      }
      if ((made_ += body.size()) > kMaxNodes) {
        return fail(Code::graph_invalid, "inlining local functions makes more than {} nodes", kMaxNodes);
      }
    }
    nodes = std::move(flat);
    return {};
  }

 private:
  static Result<void> check_call(const onnx::FunctionProto& function, const onnx::NodeProto& call) {
    if (call.input_size() > function.input_size() || call.output_size() > function.output_size()) {
      return fail(Code::graph_invalid, "the function '{}' takes {} inputs and gives {} outputs, not {} and {}",
                  function.name(), function.input_size(), function.output_size(), call.input_size(),
                  call.output_size());
    }
    const std::set<std::string> inputs(function.input().begin(), function.input().end());
    if (static_cast<int>(inputs.size()) != function.input_size()) {
      return fail(Code::graph_invalid, "two inputs of the function '{}' have the same name", function.name());
    }
    return {};
  }

  // The function's nodes with the call's values for its parameters and fresh names for everything inside.
  google::protobuf::RepeatedPtrField<onnx::NodeProto> instantiate(const onnx::FunctionProto& function,
                                                                  const onnx::NodeProto& call) {
    const std::string prefix =
        (call.name().empty() ? call.output().empty() ? call.op_type() : call.output(0) : call.name()) + "/" +
        std::to_string(calls_++) + "/";
    Names names;
    for (int i = 0; i < function.input_size(); ++i) {
      names[function.input(i)] = i < call.input_size() ? call.input(i) : "";
    }
    for (int i = 0; i < function.output_size(); ++i) {
      names[function.output(i)] =
          i < call.output_size() && !call.output(i).empty() ? call.output(i) : prefix + function.output(i);
    }
    google::protobuf::RepeatedPtrField<onnx::NodeProto> body = function.node();
    for (onnx::NodeProto& node : body) {
      if (!node.name().empty()) {
        node.set_name(prefix + node.name());
      }
      rename(node, names, prefix);
      bind_attributes(node, function, call);
    }
    return body;
  }

  static std::string renamed(const std::string& name, Names& names, const std::string& prefix) {
    if (name.empty()) {
      return name;
    }
    return names.try_emplace(name, prefix + name).first->second;
  }

  static void rename(onnx::NodeProto& node, Names& names, const std::string& prefix) {
    for (std::string& input : *node.mutable_input()) {
      input = renamed(input, names, prefix);
    }
    for (std::string& output : *node.mutable_output()) {
      output = renamed(output, names, prefix);
    }
    for (onnx::AttributeProto& attribute : *node.mutable_attribute()) {
      if (!attribute.has_g()) {
        continue;
      }
      onnx::GraphProto& nested = *attribute.mutable_g();
      for (onnx::ValueInfoProto& value : *nested.mutable_input()) {
        value.set_name(renamed(value.name(), names, prefix));
      }
      for (onnx::TensorProto& tensor : *nested.mutable_initializer()) {
        tensor.set_name(renamed(tensor.name(), names, prefix));
      }
      for (onnx::NodeProto& each : *nested.mutable_node()) {
        rename(each, names, prefix);
      }
      for (onnx::ValueInfoProto& value : *nested.mutable_output()) {
        value.set_name(renamed(value.name(), names, prefix));
      }
    }
  }

  // Parameters with default values: field 11 of a function, which Debian's ONNX headers do not name yet.
  static std::vector<onnx::AttributeProto> defaults_of(const onnx::FunctionProto& function) {
    constexpr int kAttributeProto = 11;
    std::vector<onnx::AttributeProto> defaults;
    const google::protobuf::UnknownFieldSet& fields = function.unknown_fields();
    for (int i = 0; i < fields.field_count(); ++i) {
      const google::protobuf::UnknownField& field = fields.field(i);
      if (field.number() == kAttributeProto && field.type() == google::protobuf::UnknownField::TYPE_LENGTH_DELIMITED) {
        onnx::AttributeProto attribute;
        if (attribute.ParseFromString(field.length_delimited())) {
          defaults.push_back(std::move(attribute));
        }
      }
    }
    return defaults;
  }

  // Attributes that refer to the function's parameters take the call's value, or the function's default, or vanish.
  static void bind_attributes(onnx::NodeProto& node, const onnx::FunctionProto& function, const onnx::NodeProto& call) {
    google::protobuf::RepeatedPtrField<onnx::AttributeProto> bound;
    for (onnx::AttributeProto& attribute : *node.mutable_attribute()) {
      if (attribute.has_g()) {
        for (onnx::NodeProto& nested : *attribute.mutable_g()->mutable_node()) {
          bind_attributes(nested, function, call);
        }
      }
      if (attribute.ref_attr_name().empty()) {
        bound.Add(std::move(attribute));
        continue;
      }
      const auto is_meant = [&](const onnx::AttributeProto& each) { return each.name() == attribute.ref_attr_name(); };
      const auto given = std::ranges::find_if(call.attribute(), is_meant);
      const std::vector<onnx::AttributeProto> defaults =
          given == call.attribute().end() ? defaults_of(function) : std::vector<onnx::AttributeProto>();
      const auto fallback = std::ranges::find_if(defaults, is_meant);
      if (given != call.attribute().end() || fallback != defaults.end()) {
        onnx::AttributeProto copy = given != call.attribute().end() ? *given : *fallback;
        copy.set_name(attribute.name());
        bound.Add(std::move(copy));
      }
    }
    *node.mutable_attribute() = std::move(bound);
  }

  Functions functions_;
  int64_t calls_ = 0;
  int64_t made_ = 0;
};

}  // namespace

Result<void> inline_functions(onnx::ModelProto& model) {
  Functions functions;
  for (const onnx::FunctionProto& function : model.functions()) {
    if (!functions.emplace(std::pair(function.domain(), function.name()), &function).second) {
      return fail(Code::graph_invalid, "the function '{}' is defined twice", function.name());
    }
  }
  return functions.empty() ? Result<void>()
                           : Inliner(std::move(functions)).expand(*model.mutable_graph()->mutable_node(), 0);
}

}  // namespace dsq::onnx_format
