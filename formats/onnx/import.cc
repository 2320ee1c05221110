#include "formats/onnx/import.h"

#include <algorithm>
#include <cmath>
#include <unordered_set>

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include "formats/onnx/import_graph.h"
#include "formats/onnx/inline_functions.h"
#include "src/ir/nested.h"
#include "src/ops/limits.h"
#include "src/support/hash.h"
#include "src/support/strings.h"

namespace dsq::onnx_format {
namespace {

constexpr int kMaxPorts = 4096;     // inputs, and outputs
constexpr int kMaxMessages = 4000;  // within each other; graphs that deep are refused with a better reason

Result<onnx::ModelProto> parse_model(std::span<const std::byte> bytes, const std::string& path) {
  if (bytes.empty()) {
    return fail(Code::not_a_model, "the file is empty").at(path);
  }
  if (bytes.size() > INT_MAX) {
    return fail(Code::not_a_model, "the file is larger than 2 GB, which protobuf does not allow")
        .at(path)
        .hint("save the model with external data");
  }
  onnx::ModelProto model;
  google::protobuf::io::ArrayInputStream stream(bytes.data(), static_cast<int>(bytes.size()));
  google::protobuf::io::CodedInputStream coded(&stream);
  coded.SetTotalBytesLimit(INT_MAX);
  coded.SetRecursionLimit(kMaxMessages);
  const bool parsed = model.ParsePartialFromCodedStream(&coded) && coded.ConsumedEntireMessage();
  if (!parsed) {
    // Every ONNX file begins with the field ir_version: 0x08 and a small number.
    const bool begins_like_onnx = bytes.size() > 2 && bytes[0] == std::byte{0x08} && bytes[1] < std::byte{0x20};
    return begins_like_onnx
               ? fail(Code::model_truncated, "the ONNX file ends early, is damaged or nested too deep at byte {} of {}",
                      coded.CurrentPosition(), bytes.size())
                     .at(path)
               : fail(Code::not_a_model, "not an ONNX file").at(path);
  }
  if (!model.has_graph() || model.opset_import_size() == 0) {
    return fail(Code::not_a_model, "an ONNX file without {}", model.has_graph() ? "an operator set" : "a graph")
        .at(path);
  }
  return model;
}

bool is_onnx(std::string_view domain) { return domain.empty() || domain == "ai.onnx"; }

// Versions that are read all the same.
void remark_versions(const onnx::ModelProto& model, int64_t opset, Diagnostics& diagnostics) {
  for (const onnx::FunctionProto& function : model.functions()) {
    for (const onnx::OperatorSetIdProto& set : function.opset_import()) {
      if (is_onnx(set.domain()) && set.version() != opset) {
        diagnostics.warn(Code::opset_unsupported, "",
                         fmt::format("the function '{}' is of opset {} and read as of the model's, {}", function.name(),
                                     set.version(), opset));
      }
    }
  }
  if (opset < kUsualOpset) {
    diagnostics.note("",
                     fmt::format("opset {} is older than {}: read as far as its forms are known", opset, kUsualOpset));
  }
}

Result<int64_t> opset_of(const onnx::ModelProto& model, const std::string& path) {
  if (model.ir_version() < kMinIrVersion || model.ir_version() > kMaxIrVersion) {
    return fail(Code::opset_unsupported, "IR version {} is outside {} to {}", model.ir_version(), kMinIrVersion,
                kMaxIrVersion)
        .at(path);
  }
  std::optional<int64_t> opset;
  for (const onnx::OperatorSetIdProto& set : model.opset_import()) {
    if (is_onnx(set.domain())) {
      if (set.version() < kMinOpset || set.version() > kMaxOpset) {
        return fail(Code::opset_unsupported, "opset {} is outside {} to {}", set.version(), kMinOpset, kMaxOpset)
            .at(path);
      }
      if (opset && *opset != set.version()) {
        return fail(Code::opset_unsupported, "the model imports the opsets {} and {}", *opset, set.version()).at(path);
      }
      opset = set.version();
    }
  }
  return opset ? Result<int64_t>(*opset)
               : fail(Code::opset_unsupported, "the model imports no version of the ONNX operator set").at(path);
}

Result<void> check_input(const std::string& name, const TensorType& type) {
  Shape known = type.shape.value_or(Shape{});
  std::ranges::replace(known, kUnknown, int64_t{1});
  if (known.size() > kMaxDims || !checked_count(known)) {
    return fail(Code::out_of_memory, "it has {} dimensions and more than 2^40 elements, or more than {} dimensions",
                known.size(), kMaxDims)
        .at("input '" + name + "'");
  }
  return {};
}

// The model's inputs in their own types; float inputs that are not f32 are cast behind.
Result<void> import_inputs(const onnx::GraphProto& proto, const ImportOptions& options, Scope& scope) {
  std::map<std::string, Shape> overrides = options.shapes;
  std::vector<std::string> input_names;
  std::unordered_set<std::string_view> stored;
  for (const onnx::TensorProto& tensor : proto.initializer()) {
    stored.insert(tensor.name());
  }
  for (const onnx::ValueInfoProto& info : proto.input()) {
    if (stored.contains(info.name())) {
      continue;  // a weight that old exporters list as an input too
    }
    if (info.name().empty() || scope.names.contains(info.name())) {
      return fail(Code::graph_invalid, "an input has {}", info.name().empty() ? "no name" : "the name of another one")
          .at("input '" + info.name() + "'");
    }
    input_names.push_back(info.name());
    if (input_names.size() > kMaxPorts) {
      return fail(Code::graph_invalid, "the graph has more than {} inputs", kMaxPorts);
    }
    TensorType type = DSQ_TRY(declared_type(info));
    DSQ_TRY(check_input(info.name(), type));
    if (const auto found = overrides.find(info.name()); found != overrides.end()) {
      const Shape& wanted = found->second;
      for (size_t d = 0; type.shape && d < wanted.size(); ++d) {
        const bool fits =
            type.shape->size() == wanted.size() && ((*type.shape)[d] == kUnknown || (*type.shape)[d] == wanted[d]);
        if (!fits) {
          return fail(Code::shape_override, "{} contradicts the model's {}", text_of(wanted), text_of(*type.shape))
              .at("input '" + info.name() + "'");
        }
      }
      type.shape = wanted;
      overrides.erase(found);
    }
    ValueId id = scope.graph.add_input(info.name(), type);
    if (computed(type.dtype) != type.dtype) {
      const NodeId cast =
          scope.graph.add_node(OpKind::cast, info.name() + ".f32", CastAttrs{DType::f32}, {id}, {info.name() + ".f32"});
      DSQ_TRY(infer_outputs(scope.graph, cast, scope.known));
      id = scope.graph.node(cast).outputs[0];
    }
    scope.names[info.name()] = id;
  }
  if (!overrides.empty()) {
    const std::string& name = overrides.begin()->first;
    return fail(Code::shape_override, "the model has no input '{}'; nearest is '{}'", name, nearest(name, input_names));
  }
  return {};
}

// A declared element type that no inference gives is a contradiction. Shapes are often stale, and only told.
Result<void> check_declared_outputs(const onnx::GraphProto& proto, const Graph& graph, Diagnostics& diagnostics) {
  for (size_t i = 0; i < graph.outputs().size(); ++i) {
    const onnx::ValueInfoProto& info = proto.output(static_cast<int>(i));
    if (!info.has_type() || info.type().tensor_type().elem_type() == onnx::TensorProto::UNDEFINED) {
      continue;
    }
    const TensorType declared = DSQ_TRY(declared_type(info));
    const TensorType& found = graph.value(graph.outputs()[i]).type;
    if (computed(declared.dtype) != computed(found.dtype)) {
      return fail(Code::type_mismatch, "it is declared {} and computed as {}", name_of(declared.dtype),
                  name_of(found.dtype))
          .at("output '" + info.name() + "'");
    }
    bool fits = !declared.shape || !found.shape || declared.shape->size() == found.shape->size();
    for (size_t d = 0; fits && declared.shape && found.shape && d < declared.shape->size(); ++d) {
      fits = (*declared.shape)[d] == (*found.shape)[d] || (*declared.shape)[d] == kUnknown ||
             (*found.shape)[d] == kUnknown;
    }
    if (!fits) {
      diagnostics.note("output '" + info.name() + "'",
                       fmt::format("it is declared {} and computed as {}", text_of(declared), text_of(found)));
    }
  }
  return {};
}

// What is declared of values between nodes is often stale; only an element type that nothing computes contradicts.
Result<void> check_declared_values(const onnx::GraphProto& proto, const Scope& scope) {
  for (const onnx::ValueInfoProto& info : proto.value_info()) {
    const auto found = scope.names.find(info.name());
    const Result<TensorType> declared = declared_type(info);
    if (found == scope.names.end() || !declared) {
      continue;
    }
    const DType computed_as = scope.graph.value(found->second).type.dtype;
    if (computed(declared->dtype) != computed(computed_as)) {
      return fail(Code::type_mismatch, "it is declared {} and computed as {}", name_of(declared->dtype),
                  name_of(computed_as))
          .at("value '" + info.name() + "'");
    }
  }
  return {};
}

// Outputs that the model declares as f16, bf16 or f64 are cast back.
void restore_output_types(const onnx::GraphProto& proto, Graph& graph) {
  std::vector<ValueId> outputs = graph.outputs();
  for (size_t i = 0; i < outputs.size(); ++i) {
    const Result<DType> declared = dtype_of_onnx(proto.output(static_cast<int>(i)).type().tensor_type().elem_type());
    const DType present = graph.value(outputs[i]).type.dtype;
    if (declared && is_float(*declared) && *declared != present && present == DType::f32) {
      const std::string name = graph.value(outputs[i]).name;
      graph.rename(outputs[i], name + ".f32");
      const NodeId cast = graph.add_node(OpKind::cast, name, CastAttrs{*declared}, {outputs[i]}, {name});
      outputs[i] = graph.node(cast).outputs[0];
    }
  }
  graph.set_outputs(std::move(outputs));
}

bool has_weights(OpKind op) {
  switch (op) {
    case OpKind::batch_norm:
    case OpKind::conv:
    case OpKind::conv_transpose:
    case OpKind::gemm:
    case OpKind::group_norm:
    case OpKind::gru:
    case OpKind::instance_norm:
    case OpKind::layer_norm:
    case OpKind::lstm:
    case OpKind::matmul:
    case OpKind::rms_norm:
    case OpKind::rnn: return true;
    default: return false;
  }
}

// Constants that layers multiply or add must be finite. Infinities elsewhere have a meaning: masks, bounds.
Result<void> check_weights(const Graph& graph) {
  for (const NodeId id : graph.nodes()) {
    const Node& node = graph.node(id);
    for (const GraphRef* nested : nested_graphs(node.attrs)) {
      DSQ_TRY(check_weights(**nested));
    }
    if (!has_weights(node.op)) {
      continue;
    }
    for (const ValueId input : node.inputs) {
      const Tensor* tensor = graph.constant(input);
      if (tensor == nullptr || tensor->dtype() != DType::f32) {
        continue;
      }
      const std::span<const float> values = tensor->values<float>();
      const auto bad = std::ranges::find_if(values, [](float v) { return !std::isfinite(v); });
      if (bad != values.end()) {
        return fail(Code::weights_not_finite, "element {} of '{}' is {}", bad - values.begin(), graph.value(input).name,
                    *bad)
            .at("node '" + node.name + "'");
      }
    }
  }
  return {};
}

Error refusal(const std::vector<std::string>& refused, const std::string& path) {
  std::string list;
  for (const std::string& each : refused) {
    list += "\n  " + each;
  }
  return fail(Code::ops_unsupported, "{} node{} cannot be imported:{}", refused.size(), refused.size() == 1 ? "" : "s",
              list)
      .at(path);
}

}  // namespace

Result<Imported> import_onnx(const std::filesystem::path& path, const ImportOptions& options,
                             Diagnostics& diagnostics) {
  const std::shared_ptr<const MappedFile> file = DSQ_TRY(MappedFile::open(path));
  onnx::ModelProto model = DSQ_TRY(parse_model(file->bytes(), path.string()));
  const int64_t opset = DSQ_TRY(opset_of(model, path.string()));
  remark_versions(model, opset, diagnostics);
  ImportState state{TensorReader(path), opset, diagnostics, {}, 0};
  DSQ_TRY(inline_functions(model));
  if (model.graph().output_size() == 0 || model.graph().output_size() > kMaxPorts) {
    return fail(Code::graph_invalid, "the graph has {}; 1 to {} are supported",
                plural(model.graph().output_size(), "output"), kMaxPorts)
        .at(path.string());
  }
  Scope scope;
  scope.graph.name = model.graph().name();
  DSQ_TRY(import_inputs(model.graph(), options, scope));
  Result<void> body = import_body(*model.mutable_graph(), scope, state);
  if (!state.refused.empty()) {
    return refusal(state.refused, path.string());
  }
  DSQ_TRY(std::move(body));
  DSQ_TRY(check_declared_values(model.graph(), scope));
  DSQ_TRY(check_declared_outputs(model.graph(), scope.graph, diagnostics));
  restore_output_types(model.graph(), scope.graph);
  DSQ_TRY(infer_types(scope.graph));
  scope.graph.compact();
  DSQ_TRY(check_weights(scope.graph));
  const auto file_bytes = static_cast<int64_t>(file->bytes().size());
  std::string hash = hex(sha256(file->bytes()));
  DSQ_TRY(file->check_unchanged());
  DSQ_TRY(state.tensors.check_unchanged());
  return Imported{
      std::move(scope.graph),
      {std::move(hash), model.producer_name(), model.ir_version(), state.opset,
       file_bytes + state.tensors.external_bytes(), state.tensors.bytes_read(), state.tensors.external_files()}};
}

}  // namespace dsq::onnx_format
