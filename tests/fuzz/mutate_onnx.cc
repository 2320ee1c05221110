// Structure-aware mutation of .onnx files: edits of the network, through the fields that matter, and edits of any field
// of any message, through protobuf's reflection.
#include <algorithm>
#include <array>

#include <google/protobuf/message.h>
#include <onnx/onnx_pb.h>

#include "tests/fuzz/mutate.h"

namespace dsq::fuzz {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// clang-format off
constexpr auto kOps = std::to_array<const char*>({
    "Abs", "Add", "And", "ArgMax", "Attention", "AveragePool", "BatchNormalization", "BitShift", "Cast", "CastLike", "Celu", "Clip",
    "Compress", "Concat", "Constant", "ConstantOfShape", "Conv", "ConvInteger", "ConvTranspose", "CumSum", "DepthToSpace",
    "DequantizeLinear", "Div", "Dropout", "DynamicQuantizeLinear", "Einsum", "Elu", "Equal", "Erf", "Expand", "EyeLike", "Flatten",
    "GRU", "Gather", "GatherElements", "GatherND", "Gelu", "Gemm", "GlobalAveragePool", "GlobalLpPool", "GridSample",
    "GroupNormalization", "HardSigmoid", "HardSwish", "Hardmax", "Identity", "If", "InstanceNormalization", "LRN", "LSTM",
    "LayerNormalization", "LeakyRelu", "LogSoftmax", "Loop", "LpNormalization", "LpPool", "MatMul", "MatMulInteger", "Max",
    "MaxPool", "Mean", "MeanVarianceNormalization", "Mod", "Mul", "NonMaxSuppression", "NonZero", "Not", "OneHot", "PRelu", "Pad",
    "Pow", "QLinearConv", "QLinearMatMul", "QuantizeLinear", "RMSNormalization", "RNN", "Range", "Reciprocal", "ReduceMean",
    "ReduceProd", "ReduceSum", "Relu", "Reshape", "Resize", "ReverseSequence", "RoiAlign", "Scan", "Scatter", "ScatterElements", "ScatterND",
    "Shape", "Shrink", "Sigmoid", "Size", "Slice", "Softmax", "SpaceToDepth", "Split", "Squeeze", "Sub", "Sum", "Tanh", "Tile",
    "TopK", "Transpose", "Trilu", "Unsqueeze", "Upsample", "Where", "Xor"});
constexpr auto kAttributes = std::to_array<const char*>({
    "activation_alpha", "activations", "allowzero", "alpha", "approximate", "auto_pad", "axes", "axis", "batch_axis", "batch_dims", "beta", "bias", "blocksize",
    "body", "broadcast", "ceil_mode", "clip", "coordinate_transformation_mode", "count_include_pad", "detect_negative", "dilations",
    "direction", "dtype", "else_branch", "end", "epsilon", "equation", "exclusive", "fmod", "group", "hidden_size",
    "is_causal", "k", "keepdims", "kernel_shape", "lambd", "largest", "layout", "linear_before_reset", "mode", "noop_with_empty_axes", "num_groups",
    "num_heads", "num_outputs", "num_scan_inputs", "output_padding", "output_shape", "p", "pads", "perm", "q_num_heads", "kv_num_heads", "reduction", "reverse",
    "scan_input_axes", "select_last_index", "seq_length", "shape", "size", "sorted", "split", "start", "starts", "ends", "stash_type", "storage_order",
    "strides", "then_branch", "time_axis", "to", "transA", "transB", "upper", "value", "value_float", "value_int", "value_ints", "axis_w"});
constexpr auto kWords = std::to_array<const char*>({
    "", "SAME_UPPER", "SAME_LOWER", "VALID", "NOTSET", "constant", "reflect", "edge", "wrap", "nearest", "linear", "cubic", "none",
    "add", "mul", "min", "max", "forward", "reverse", "bidirectional", "LEFT", "RIGHT", "DCR", "CRD", "tanh", "bilinear",
    "align_corners", "asymmetric", "half_pixel", "tf_crop_and_resize", "pytorch_half_pixel", "ij,jk->ik", "...i,ij->...j", "ii->i", "location", "offset", "length", "weights.bin"});
// clang-format on

class Mutator {
 public:
  Mutator(onnx::ModelProto& model, Dice& dice) : model_(model), dice_(dice) {}

  void edit() {
    graphs_.clear();
    collect(*model_.mutable_graph());
    onnx::GraphProto& graph = *dice_.pick(graphs_);
    if (dice_.one_in(4) || graph.node_size() == 0) {
      edit_any(model_);
      return;
    }
    onnx::NodeProto& node = *graph.mutable_node(index(graph.node_size()));
    switch (dice_.below(14)) {
      case 0: node.set_op_type(dice_.pick(kOps)); break;
      case 1: double_node(graph, node); break;
      case 2: graph.mutable_node()->DeleteSubrange(index(graph.node_size()), 1); break;
      case 3:
      case 4: rewire(graph, node); break;
      case 5:
      case 6: edit_attribute(node); break;
      case 7:
      case 8: edit_tensor(graph); break;
      case 9: pass_constant(graph, node); break;
      case 10: edit_type(graph); break;
      case 11: graph.add_output()->set_name(any_name(graph)); break;
      case 12: nest(node); break;
      default: edit_opset_or_function(node); break;
    }
  }

  // A node, a tensor or an attribute of another model.
  void take_from(const onnx::ModelProto& other) {
    graphs_.clear();
    collect(*model_.mutable_graph());
    onnx::GraphProto& graph = *dice_.pick(graphs_);
    const onnx::GraphProto& from = other.graph();
    if (from.initializer_size() > 0 && dice_.one_in(3)) {
      *graph.add_initializer() = from.initializer(index(from.initializer_size()));
    } else if (from.node_size() > 0) {
      const onnx::NodeProto& node = from.node(index(from.node_size()));
      double_node(graph, node);
      onnx::NodeProto& added = *graph.mutable_node(graph.node_size() - 1);
      for (std::string& input : *added.mutable_input()) {
        input = input.empty() ? input : any_name(graph);
      }
    }
  }

 private:
  int index(int size) { return static_cast<int>(dice_.below(static_cast<size_t>(size))); }

  void collect(onnx::GraphProto& graph) {
    graphs_.push_back(&graph);
    for (onnx::NodeProto& node : *graph.mutable_node()) {
      for (onnx::AttributeProto& attribute : *node.mutable_attribute()) {
        if (attribute.has_g()) {
          collect(*attribute.mutable_g());
        }
      }
    }
  }

  // Of any value of the graph, or of the graphs around it.
  std::string any_name(const onnx::GraphProto& graph) {
    const onnx::GraphProto& from = dice_.one_in(6) ? *graphs_.front() : graph;
    std::vector<std::string> names = {""};
    for (const onnx::NodeProto& node : from.node()) {
      names.insert(names.end(), node.output().begin(), node.output().end());
    }
    for (const onnx::TensorProto& tensor : from.initializer()) {
      names.push_back(tensor.name());
    }
    for (const onnx::ValueInfoProto& input : from.input()) {
      names.push_back(input.name());
    }
    return dice_.pick(names);
  }

  void double_node(onnx::GraphProto& graph, onnx::NodeProto node) {
    for (std::string& output : *node.mutable_output()) {
      output += output.empty() ? "" : std::to_string(dice_.below(1000));
    }
    if (node.output_size() > 0) {
      graph.add_output()->set_name(node.output(0));
    }
    *graph.add_node() = std::move(node);
  }

  void rewire(const onnx::GraphProto& graph, onnx::NodeProto& node) {
    const int inputs = node.input_size();
    switch (dice_.below(4)) {
      case 0: node.add_input(any_name(graph)); break;
      case 1:
        if (inputs > 0) {
          node.mutable_input()->DeleteSubrange(index(inputs), 1);
        }
        break;
      case 2:
        if (inputs > 1) {
          node.mutable_input()->SwapElements(index(inputs), index(inputs));
        }
        break;
      default:
        if (inputs > 0) {
          node.set_input(index(inputs), any_name(graph));
        }
        break;
    }
  }

  void edit_attribute(onnx::NodeProto& node) {
    const bool fresh = node.attribute_size() == 0 || dice_.one_in(4);
    onnx::AttributeProto& attribute =
        fresh ? *node.add_attribute() : *node.mutable_attribute(index(node.attribute_size()));
    if (fresh) {
      attribute.set_name(dice_.pick(kAttributes));
      attribute.set_type(static_cast<onnx::AttributeProto::AttributeType>(1 + dice_.below(8)));
    }
    switch (attribute.type()) {
      case onnx::AttributeProto::FLOAT: attribute.set_f(dice_.real()); break;
      case onnx::AttributeProto::INT: attribute.set_i(dice_.integer()); break;
      case onnx::AttributeProto::STRING: attribute.set_s(dice_.pick(kWords)); break;
      case onnx::AttributeProto::INTS: edit_numbers(*attribute.mutable_ints()); break;
      case onnx::AttributeProto::FLOATS: attribute.add_floats(dice_.real()); break;
      case onnx::AttributeProto::STRINGS: attribute.add_strings(dice_.pick(kWords)); break;
      case onnx::AttributeProto::TENSOR: edit_contents(*attribute.mutable_t()); break;
      default: node.mutable_attribute()->DeleteSubrange(index(node.attribute_size()), 1); break;
    }
  }

  void edit_numbers(google::protobuf::RepeatedField<int64_t>& numbers) {
    if (numbers.empty() || dice_.one_in(4)) {
      numbers.Add(dice_.integer());
    } else if (dice_.one_in(4)) {
      numbers.RemoveLast();
    } else {
      numbers.Set(index(numbers.size()), dice_.integer());
    }
  }

  void edit_tensor(onnx::GraphProto& graph) {
    if (graph.initializer_size() > 0) {
      edit_contents(*graph.mutable_initializer(index(graph.initializer_size())));
    }
  }

  void edit_contents(onnx::TensorProto& tensor) {
    switch (dice_.below(6)) {
      case 0: tensor.set_data_type(static_cast<int>(dice_.below(24))); break;
      case 1: edit_numbers(*tensor.mutable_dims()); break;
      case 2: refill(tensor, static_cast<int>(1 + dice_.below(13))); break;
      case 3:
        if (tensor.has_raw_data()) {
          dice_.scramble(*tensor.mutable_raw_data());
        }
        break;
      case 4: refill(tensor, tensor.data_type()); break;
      default: make_external(tensor); break;
    }
  }

  // Small dimensions, and as many numbers as they ask for.
  void refill(onnx::TensorProto& tensor, int type) {
    int64_t count = 1;
    for (int64_t& dim : *tensor.mutable_dims()) {
      dim = dim > 0 && dim < 9 && !dice_.one_in(3) ? dim : static_cast<int64_t>(dice_.below(5));
      count *= dim;
    }
    count = std::min<int64_t>(count, 512);
    const std::string name = tensor.name();
    const google::protobuf::RepeatedField<int64_t> dims = tensor.dims();
    tensor.Clear();
    tensor.set_name(name);
    *tensor.mutable_dims() = dims;
    tensor.set_data_type(type);
    for (int64_t i = 0; i < count; ++i) {
      switch (type) {
        case onnx::TensorProto::FLOAT: tensor.add_float_data(dice_.real()); break;
        case onnx::TensorProto::DOUBLE: tensor.add_double_data(dice_.real()); break;
        case onnx::TensorProto::INT64: tensor.add_int64_data(dice_.integer()); break;
        case onnx::TensorProto::UINT32:
        case onnx::TensorProto::UINT64: tensor.add_uint64_data(static_cast<uint64_t>(dice_.integer())); break;
        default: tensor.add_int32_data(static_cast<int32_t>(dice_.integer())); break;
      }
    }
  }

  void make_external(onnx::TensorProto& tensor) {
    tensor.clear_raw_data();
    tensor.set_data_location(onnx::TensorProto::EXTERNAL);
    tensor.clear_external_data();
    const auto add = [&](const char* key, std::string value) {
      onnx::StringStringEntryProto& entry = *tensor.add_external_data();
      entry.set_key(key);
      entry.set_value(std::move(value));
    };
    add("location", dice_.one_in(8) ? dice_.pick(kWords) : "weights.bin");
    if (dice_.one_in(2)) {
      add("offset", std::to_string(dice_.integer()));
    }
    if (dice_.one_in(4)) {
      add("length", std::to_string(dice_.integer()));
    }
  }

  // A constant in the place of an input: a shape, an axis, a scale.
  void pass_constant(onnx::GraphProto& graph, onnx::NodeProto& node) {
    onnx::TensorProto& tensor = *graph.add_initializer();
    tensor.set_name("c" + std::to_string(graph.initializer_size()));
    for (size_t rank = dice_.below(4); rank > 0; --rank) {
      tensor.add_dims(static_cast<int64_t>(dice_.below(5)));
    }
    constexpr auto kTypes =
        std::to_array<int>({onnx::TensorProto::INT64, onnx::TensorProto::FLOAT, onnx::TensorProto::INT32,
                            onnx::TensorProto::INT8, onnx::TensorProto::BOOL, onnx::TensorProto::UINT8});
    refill(tensor, dice_.pick(kTypes));
    if (node.input_size() == 0 || dice_.one_in(4)) {
      node.add_input(tensor.name());
    } else {
      node.set_input(index(node.input_size()), tensor.name());
    }
  }

  void edit_type(onnx::GraphProto& graph) {
    if (graph.input_size() == 0) {
      return;
    }
    onnx::TypeProto::Tensor& type =
        *graph.mutable_input(index(graph.input_size()))->mutable_type()->mutable_tensor_type();
    if (dice_.one_in(4)) {
      type.set_elem_type(static_cast<int>(dice_.below(24)));
    } else if (dice_.one_in(8)) {
      type.clear_shape();
    } else if (type.shape().dim_size() == 0 || dice_.one_in(4)) {
      type.mutable_shape()->add_dim()->set_dim_value(dice_.integer());
    } else {
      onnx::TensorShapeProto::Dimension& dim = *type.mutable_shape()->mutable_dim(index(type.shape().dim_size()));
      dice_.one_in(4) ? dim.clear_dim_value() : dim.set_dim_value(dice_.integer());
    }
  }

  // A graph of the model becomes a graph of the node.
  void nest(onnx::NodeProto& node) {
    const onnx::GraphProto inner = *dice_.pick(graphs_);
    if (inner.ByteSizeLong() > 4096) {
      return;
    }
    for (onnx::AttributeProto& attribute : *node.mutable_attribute()) {
      if (attribute.has_g() && dice_.one_in(2)) {
        *attribute.mutable_g() = inner;
        return;
      }
    }
    onnx::AttributeProto& attribute = *node.add_attribute();
    attribute.set_name(dice_.one_in(2) ? "body" : dice_.one_in(2) ? "then_branch" : "else_branch");
    attribute.set_type(onnx::AttributeProto::GRAPH);
    *attribute.mutable_g() = inner;
  }

  void edit_opset_or_function(onnx::NodeProto& node) {
    if (dice_.one_in(2) && model_.opset_import_size() > 0) {
      model_.mutable_opset_import(index(model_.opset_import_size()))
          ->set_version(static_cast<int64_t>(dice_.below(27)));
      return;
    }
    onnx::FunctionProto& function = *model_.add_functions();
    function.set_domain("own");
    function.set_name("f" + std::to_string(dice_.below(3)));
    function.mutable_input()->CopyFrom(node.input());
    function.mutable_output()->CopyFrom(node.output());
    *function.add_node() = node;
    node.set_domain("own");
    node.set_op_type(function.name());
  }

  // --- any field of any message
  void edit_any(Message& root) {
    std::vector<Message*> messages = {&root};
    for (size_t i = 0; i < messages.size() && messages.size() < 4096; ++i) {
      std::vector<const FieldDescriptor*> fields;
      const Reflection& reflection = *messages[i]->GetReflection();
      reflection.ListFields(*messages[i], &fields);
      for (const FieldDescriptor* field : fields) {
        if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
          continue;
        }
        if (!field->is_repeated()) {
          messages.push_back(reflection.MutableMessage(messages[i], field));
        }
        for (int k = 0; field->is_repeated() && k < reflection.FieldSize(*messages[i], field); ++k) {
          messages.push_back(reflection.MutableRepeatedMessage(messages[i], field, k));
        }
      }
    }
    Message& message = *dice_.pick(messages);
    const FieldDescriptor& field = *message.GetDescriptor()->field(index(message.GetDescriptor()->field_count()));
    field.is_repeated() ? edit_repeated(message, field) : edit_single(message, field);
  }

  void edit_repeated(Message& message, const FieldDescriptor& field) {
    const Reflection& reflection = *message.GetReflection();
    const int size = reflection.FieldSize(message, &field);
    if (size > 0 && dice_.one_in(3)) {
      reflection.SwapElements(&message, &field, index(size), size - 1);
      reflection.RemoveLast(&message, &field);
    } else if (size > 1 && dice_.one_in(3)) {
      reflection.SwapElements(&message, &field, index(size), index(size));
    } else {
      switch (field.cpp_type()) {
        case FieldDescriptor::CPPTYPE_INT32:
          reflection.AddInt32(&message, &field, static_cast<int32_t>(dice_.integer()));
          break;
        case FieldDescriptor::CPPTYPE_INT64: reflection.AddInt64(&message, &field, dice_.integer()); break;
        case FieldDescriptor::CPPTYPE_UINT64:
          reflection.AddUInt64(&message, &field, static_cast<uint64_t>(dice_.integer()));
          break;
        case FieldDescriptor::CPPTYPE_FLOAT: reflection.AddFloat(&message, &field, dice_.real()); break;
        case FieldDescriptor::CPPTYPE_DOUBLE: reflection.AddDouble(&message, &field, dice_.real()); break;
        case FieldDescriptor::CPPTYPE_STRING: reflection.AddString(&message, &field, dice_.pick(kWords)); break;
        case FieldDescriptor::CPPTYPE_MESSAGE: {
          Message& added = *reflection.AddMessage(&message, &field);
          if (size > 0) {
            added.CopyFrom(reflection.GetRepeatedMessage(message, &field, index(size)));
          }
          break;
        }
        default: break;
      }
    }
  }

  void edit_single(Message& message, const FieldDescriptor& field) {
    const Reflection& reflection = *message.GetReflection();
    if (dice_.one_in(4)) {
      reflection.ClearField(&message, &field);
      return;
    }
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        reflection.SetInt32(&message, &field, static_cast<int32_t>(dice_.integer()));
        break;
      case FieldDescriptor::CPPTYPE_INT64: reflection.SetInt64(&message, &field, dice_.integer()); break;
      case FieldDescriptor::CPPTYPE_FLOAT: reflection.SetFloat(&message, &field, dice_.real()); break;
      case FieldDescriptor::CPPTYPE_ENUM:
        reflection.SetEnumValue(&message, &field, static_cast<int>(dice_.below(16)));
        break;
      case FieldDescriptor::CPPTYPE_STRING: {
        std::string text = reflection.GetString(message, &field);
        dice_.scramble(text);
        reflection.SetString(&message, &field, std::move(text));
        break;
      }
      case FieldDescriptor::CPPTYPE_MESSAGE: reflection.MutableMessage(&message, &field); break;
      default: break;
    }
  }

  onnx::ModelProto& model_;
  Dice& dice_;
  std::vector<onnx::GraphProto*> graphs_;
};

size_t store(const onnx::ModelProto& model, uint8_t* out, size_t max_size) {
  const size_t size = model.ByteSizeLong();
  return size <= max_size && model.SerializePartialToArray(out, static_cast<int>(size)) ? size : 0;
}

}  // namespace
}  // namespace dsq::fuzz

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  dsq::fuzz::Dice dice(seed);
  onnx::ModelProto model;
  if (dice.one_in(16) || !model.ParsePartialFromArray(data, static_cast<int>(size))) {
    return LLVMFuzzerMutate(data, size, max_size);
  }
  dsq::fuzz::Mutator mutator(model, dice);
  for (size_t edits = 1 + dice.below(3); edits > 0; --edits) {
    mutator.edit();
  }
  const size_t stored = dsq::fuzz::store(model, data, max_size);
  return stored > 0 ? stored : LLVMFuzzerMutate(data, size, max_size);
}

extern "C" size_t LLVMFuzzerCustomCrossOver(const uint8_t* data, size_t size, const uint8_t* data2, size_t size2,
                                            uint8_t* out, size_t max_size, unsigned seed) {
  dsq::fuzz::Dice dice(seed);
  onnx::ModelProto model;
  onnx::ModelProto other;
  if (!model.ParsePartialFromArray(data, static_cast<int>(size)) ||
      !other.ParsePartialFromArray(data2, static_cast<int>(size2))) {
    return 0;
  }
  dsq::fuzz::Mutator(model, dice).take_from(other);
  return dsq::fuzz::store(model, out, max_size);
}
