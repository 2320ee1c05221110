// Writes the files that the CLI tests need. Usage:
//   cli_make_file npz OUT NAME DTYPE 5,3,8,8 [LAST]    an array of small numbers (integers: zeros); the last one may be given
//   cli_make_file onnx OUT < TEXT                      a model in ONNX's own text syntax
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

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

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 2 ? argv[1] : "";
  if (what == "npz" && argc >= 6) {
    return write_npz(argv[2], argv[3], argv[4], argv[5], argc > 6 ? argv[6] : nullptr);
  }
  return what == "onnx" ? write_onnx(argv[2]) : 2;
}
