// Reads ONNX models into the IR. The only code, with the rest of this folder, that knows protobuf.
//
// Operator sets 7 to 28, IR versions 3 to 14; older sets as far as formats/onnx/old_forms.cc knows their forms. Older
// forms become the newest (src/ir/op_kind.h); local functions are inlined; nested graphs get what they capture as inputs; f16, bf16 and f64 become f32 inside, while the model's own
// inputs and outputs keep their types through casts; types and shapes are inferred.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "src/ir/graph.h"
#include "src/support/diagnostics.h"
#include "src/support/result.h"

namespace dsq::onnx_format {

inline constexpr int64_t kMinOpset = 1;
inline constexpr int64_t kMaxOpset = 28;
inline constexpr int64_t kUsualOpset = 7;  // from here on all forms of what is read are known; below, some
inline constexpr int64_t kMinIrVersion = 3;
inline constexpr int64_t kMaxIrVersion = 14;

struct ImportOptions {
  std::map<std::string, Shape> shapes;  // by input name: fixes dimensions that the model leaves open
};

struct Source {  // where a graph came from, for reports and artefacts
  std::string sha256;
  std::string producer;
  int64_t ir_version = 0;
  int64_t opset = 0;
  int64_t file_bytes = 0;    // external data included
  int64_t weight_bytes = 0;  // of the stored tensors, in the model's own types
  std::vector<std::filesystem::path> external_files;
};

struct Imported {
  Graph graph;
  Source source;
};

// Errors: file_unreadable, not_a_model, model_truncated, opset_unsupported, ops_unsupported (all such nodes at once),
// attribute_invalid, tensor_invalid, external_data, shape_override, and inference's own.
Result<Imported> import_onnx(const std::filesystem::path& path, const ImportOptions& options, Diagnostics& diagnostics);

}  // namespace dsq::onnx_format
