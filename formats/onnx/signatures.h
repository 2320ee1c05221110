// What ONNX lets a node have: how many inputs and outputs, and which attributes, by operator and operator set.
#pragma once

#include <onnx/onnx_pb.h>

#include "src/support/result.h"

namespace dsq::onnx_format {

// Refuses a node of an operator that is read and does not have that form. Trailing inputs and outputs without a name
// do not count. Errors: ops_unsupported (the operator came later), graph_invalid (inputs, outputs), attribute_invalid.
Result<void> check_signature(const onnx::NodeProto& node, int64_t opset);

}  // namespace dsq::onnx_format
