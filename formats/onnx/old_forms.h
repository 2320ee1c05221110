// Operator sets 1 to 6: before opset 7 many operators had another form (explicit broadcasting, attributes for inputs).
#pragma once

#include "formats/onnx/node_import.h"

namespace dsq::onnx_format {

// Whether an operator of that set has a form that opset 7 still has.
bool keeps_its_form(std::string_view op_type, int64_t opset);

// Whether renew() knows the operator's older form.
bool is_renewable(std::string_view op_type, int64_t opset);
// Before its conversion, a node of an older form gets the inputs that say the same in opset 7.
Result<void> renew(NodeImport& n);

}  // namespace dsq::onnx_format
