// Writes the files that the CLI tests need. Usage:
//   cli_make_file npz OUT NAME DTYPE 5,3,8,8 [LAST]    an array of small numbers (integers: zeros); the last one may be given
//   cli_make_file onnx OUT < TEXT                      a model in ONNX's own text syntax
//   cli_make_file dense OUT LAYERS WIDTH [DATA]        products with square matrices, stored in the file DATA if given
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include <fmt/format.h>
#include <onnx/defs/parser.h>

#include "formats/npy/npy.h"
#include "src/support/strings.h"

namespace {

int write_npz(const std::string& out, const std::string& name, const std::string& type, const std::string& dims,
              const char* last) {
  dsq::Shape shape;
  for (const std::string& dim : dsq::split(dims, ',')) {
    shape.push_back(std::stoll(dim));
  }
  dsq::Tensor tensor(*dsq::dtype_from(type), shape);
  if (tensor.dtype() == dsq::DType::f32) {
    int64_t i = 0;
    for (float& value : tensor.mutable_values<float>()) {
      value = static_cast<float>(i++ % 17) / 16.0F - 0.5F;
    }
  }
  if (last != nullptr && tensor.dtype() == dsq::DType::f32) {
    tensor.mutable_values<float>().back() = std::stof(last);
  } else if (last != nullptr && tensor.dtype() == dsq::DType::i64) {
    tensor.mutable_values<int64_t>().back() = std::stoll(last);
  }
  return dsq::npy::write_npz(out, {{name, tensor}}) ? 0 : 1;
}

int write_onnx(const std::string& out) {
  const std::string text{std::istreambuf_iterator<char>(std::cin), {}};
  onnx::ModelProto model;
  const auto status = onnx::OnnxParser::Parse(model, text.c_str());
  if (!status.IsOK()) {
    std::cerr << status.ErrorMessage() << "\n";
    return 1;
  }
  std::ofstream file(out, std::ios::binary);
  return model.SerializeToOstream(&file) ? 0 : 1;
}

void add_weights(onnx::GraphProto& graph, const std::string& name, int64_t width, std::ofstream& data,
                 const std::string& data_name) {
  std::string bytes(static_cast<size_t>(width * width * 4), '\0');
  for (int64_t i = 0; i < width * width; ++i) {
    const float value = static_cast<float>(i * 2654435761 % 1024 - 511) / (32.0F * static_cast<float>(width));
    std::memcpy(bytes.data() + i * 4, &value, 4);
  }
  onnx::TensorProto& tensor = *graph.add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  tensor.add_dims(width);
  tensor.add_dims(width);
  if (data_name.empty()) {
    tensor.set_raw_data(bytes);
    return;
  }
  tensor.set_data_location(onnx::TensorProto::EXTERNAL);
  for (const auto& [key, value] :
       {std::pair("location", data_name), std::pair("offset", std::to_string(data.tellp()))}) {
    onnx::StringStringEntryProto& entry = *tensor.add_external_data();
    entry.set_key(key);
    entry.set_value(value);
  }
  data << bytes;
}

int write_dense(const std::string& out, int64_t layers, int64_t width, const std::string& data_name) {
  onnx::ModelProto model;
  const std::string text =
      fmt::format("<ir_version: 8, opset_import: [\"\" : 13]> dense (float[N,{}] x0) => (float[N,{}] x{}) {{}}", width,
                  width, layers);
  if (const auto status = onnx::OnnxParser::Parse(model, text.c_str()); !status.IsOK()) {
    std::cerr << status.ErrorMessage() << "\n";
    return 1;
  }
  std::ofstream data;
  if (!data_name.empty()) {
    data.open(data_name, std::ios::binary);
  }
  onnx::GraphProto& graph = *model.mutable_graph();
  for (int64_t i = 0; i < layers; ++i) {
    const std::string weights = fmt::format("w{}", i);
    add_weights(graph, weights, width, data, data_name);
    onnx::NodeProto& node = *graph.add_node();
    node.set_op_type("MatMul");
    node.add_input(fmt::format("x{}", i));
    node.add_input(weights);
    node.add_output(fmt::format("x{}", i + 1));
  }
  std::ofstream file(out, std::ios::binary);
  return model.SerializeToOstream(&file) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 2 ? argv[1] : "";
  if (what == "npz" && argc >= 6) {
    return write_npz(argv[2], argv[3], argv[4], argv[5], argc > 6 ? argv[6] : nullptr);
  }
  if (what == "dense" && argc >= 5) {
    return write_dense(argv[2], std::stoll(argv[3]), std::stoll(argv[4]), argc > 5 ? argv[5] : "");
  }
  return what == "onnx" ? write_onnx(argv[2]) : 2;
}
