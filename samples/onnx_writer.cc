#include "samples/onnx_writer.h"

#include <fstream>

#include <onnx/onnx_pb.h>

namespace dsq::sample {

struct OnnxWriter::Model {
  onnx::ModelProto proto;
};

namespace {

void set_type(onnx::ValueInfoProto& value, const std::string& name, const Dims& dims) {
  value.set_name(name);
  onnx::TypeProto_Tensor* type = value.mutable_type()->mutable_tensor_type();
  type->set_elem_type(onnx::TensorProto_DataType_FLOAT);
  onnx::TensorShapeProto* shape = type->mutable_shape();
  for (const std::variant<int64_t, std::string>& dim : dims) {
    if (const int64_t* size = std::get_if<int64_t>(&dim)) {
      shape->add_dim()->set_dim_value(*size);
    } else {
      shape->add_dim()->set_dim_param(std::get<std::string>(dim));
    }
  }
}

void set_attribute(onnx::AttributeProto& proto, const std::string& name, const Attribute& attribute) {
  proto.set_name(name);
  if (const int64_t* number = std::get_if<int64_t>(&attribute)) {
    proto.set_type(onnx::AttributeProto_AttributeType_INT);
    proto.set_i(*number);
  } else if (const float* real = std::get_if<float>(&attribute)) {
    proto.set_type(onnx::AttributeProto_AttributeType_FLOAT);
    proto.set_f(*real);
  } else {
    proto.set_type(onnx::AttributeProto_AttributeType_INTS);
    for (const int64_t item : std::get<std::vector<int64_t>>(attribute)) {
      proto.add_ints(item);
    }
  }
}

}  // namespace

OnnxWriter::OnnxWriter(const std::string& graph_name, int64_t opset) : model_(std::make_unique<Model>()) {
  model_->proto.set_ir_version(8);
  model_->proto.set_producer_name("dsquant sample");
  model_->proto.add_opset_import()->set_version(opset);
  model_->proto.mutable_graph()->set_name(graph_name);
}

OnnxWriter::~OnnxWriter() = default;

void OnnxWriter::add_input(const std::string& name, const Dims& dims) {
  set_type(*model_->proto.mutable_graph()->add_input(), name, dims);
}

void OnnxWriter::add_output(const std::string& name, const Dims& dims) {
  set_type(*model_->proto.mutable_graph()->add_output(), name, dims);
}

std::string OnnxWriter::add_weight(const std::string& name, std::span<const int64_t> dims,
                                   std::span<const float> values) {
  onnx::TensorProto* tensor = model_->proto.mutable_graph()->add_initializer();
  tensor->set_name(name);
  tensor->set_data_type(onnx::TensorProto_DataType_FLOAT);
  for (const int64_t dim : dims) {
    tensor->add_dims(dim);
  }
  tensor->set_raw_data(values.data(), values.size_bytes());
  return name;
}

std::string OnnxWriter::add_node(const std::string& op, const std::string& name, const std::vector<std::string>& inputs,
                                 const std::map<std::string, Attribute>& attributes) {
  onnx::NodeProto* node = model_->proto.mutable_graph()->add_node();
  node->set_op_type(op);
  node->set_name(name);
  for (const std::string& input : inputs) {
    node->add_input(input);
  }
  node->add_output(name);
  for (const auto& [key, attribute] : attributes) {
    set_attribute(*node->add_attribute(), key, attribute);
  }
  return name;
}

bool OnnxWriter::save(const std::string& path) const {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  return model_->proto.SerializeToOstream(&file) && file.flush().good();
}

}  // namespace dsq::sample
