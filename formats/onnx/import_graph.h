// One GraphProto into one scope.
#pragma once

#include "formats/onnx/node_import.h"

namespace dsq::onnx_format {

// Initializers, nodes and outputs; the scope already holds the inputs. Nodes that cannot be imported are collected in
// state.refused and get open outputs, so that all of them are found.
Result<void> import_body(onnx::GraphProto& proto, Scope& scope, ImportState& state);

// The type that the model declares for a value, floats as they are stored. Errors: tensor_invalid, ops_unsupported.
Result<TensorType> declared_type(const onnx::ValueInfoProto& info);

}  // namespace dsq::onnx_format
