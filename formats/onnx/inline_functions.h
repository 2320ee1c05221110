// Local functions of a model: every call is replaced by the function's nodes.
#pragma once

#include <onnx/onnx_pb.h>

#include "src/support/result.h"

namespace dsq::onnx_format {

// Errors: graph_invalid for functions that call themselves, or blow up when inlined.
Result<void> inline_functions(onnx::ModelProto& model);

}  // namespace dsq::onnx_format
