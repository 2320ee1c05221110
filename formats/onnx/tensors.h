// TensorProto -> Tensor.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include <onnx/onnx_pb.h>

#include "src/ir/tensor.h"
#include "src/support/file.h"

namespace dsq::onnx_format {

// The element type of the IR for an ONNX type, before f16, bf16 and f64 become f32. Errors: tensor_invalid.
Result<DType> dtype_of_onnx(int onnx_type);
// f32 for every float type, the type itself for the others.
DType computed(DType dtype);

// Reads tensors, and the external files that they lie in.
class TensorReader {
 public:
  explicit TensorReader(std::filesystem::path model) : model_(std::move(model)) {}

  // With floats as f32. The data moves out of `proto` where that saves a copy; external data stays mapped.
  // Errors: tensor_invalid, external_data.
  Result<Tensor> read(onnx::TensorProto& proto);

  // For the end: of the external files. Errors: file_unreadable.
  Result<void> check_unchanged() const;

  int64_t bytes_read() const { return bytes_read_; }  // in the stored types
  int64_t external_bytes() const { return external_bytes_; }
  std::vector<std::filesystem::path> external_files() const;

 private:
  Result<Tensor> read_raw(onnx::TensorProto& proto, DType dtype, Shape shape);
  Result<Tensor> read_external(const onnx::TensorProto& proto, DType dtype, Shape shape);

  std::filesystem::path model_;
  std::map<std::string, std::shared_ptr<const MappedFile>> files_;
  int64_t bytes_read_ = 0;
  int64_t external_bytes_ = 0;
};

}  // namespace dsq::onnx_format
