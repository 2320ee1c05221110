// Writes a small float ONNX model node by node. For the sample only: dsquant itself reads ONNX and writes .dsq.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace dsq::sample {

using Attribute = std::variant<int64_t, float, std::vector<int64_t>>;
using Dims = std::vector<std::variant<int64_t, std::string>>;  // a name is a dimension left open

class OnnxWriter {
 public:
  OnnxWriter(const std::string& graph_name, int64_t opset);
  ~OnnxWriter();

  void add_input(const std::string& name, const Dims& dims);
  void add_output(const std::string& name, const Dims& dims);
  // Both return the name of the value that they add; a node's output has the node's name.
  std::string add_weight(const std::string& name, std::span<const int64_t> dims, std::span<const float> values);
  std::string add_node(const std::string& op, const std::string& name, const std::vector<std::string>& inputs,
                       const std::map<std::string, Attribute>& attributes = {});
  bool save(const std::string& path) const;

 private:
  struct Model;
  std::unique_ptr<Model> model_;
};

}  // namespace dsq::sample
