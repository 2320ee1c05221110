// Test cases in the form of ONNX's own: a folder with model.onnx and folders test_data_set_N that hold input_M.pb and
// output_M.pb, one TensorProto each.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "src/ir/tensor.h"
#include "src/support/result.h"

namespace dsq::test {

// A tensor in its own type (formats/onnx turns floats into f32; the data of a case must not change its type).
// Errors: tensor_invalid for sequences, optional values, strings and other types that the IR lacks.
Result<Tensor> read_tensor(const std::filesystem::path& path);

struct DataSet {
  std::vector<Tensor> inputs;
  std::vector<Tensor> outputs;
};
Result<std::vector<DataSet>> read_data_sets(const std::filesystem::path& folder);

// Empty when both agree as ONNX's own runner asks: types and shapes equal, integers equal, floats within
// atol + rtol * |expected|, NaN and Inf in the same places. Otherwise the first difference in words.
std::string difference(const Tensor& got, const Tensor& expected, double rtol, double atol);

}  // namespace dsq::test
