// ONNX's test data: folders test_data_set_N that hold input_M.pb, one TensorProto each.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "src/ir/tensor.h"
#include "src/support/result.h"

namespace dsq::onnx_format {

struct TestData {
  std::vector<std::vector<std::filesystem::path>> inputs;  // for each input one file for each set
  bool outputs = false;                                    // whether there are files output_M.pb, which are not read
};

bool is_test_data(const std::filesystem::path& folder);

// Of a folder with such folders, or of one of them. Sets in the order of their numbers.
// Errors: data_unreadable where a set has another number of inputs, or none.
Result<TestData> list_test_data(const std::filesystem::path& folder);

// Floats become f32. Errors: data_unreadable, tensor_invalid.
Result<Tensor> read_tensor(std::span<const std::byte> bytes);

}  // namespace dsq::onnx_format
