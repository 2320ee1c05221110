// Operator sets 1 to 6: before opset 7 many operators had another form (explicit broadcasting, attributes for inputs).
#pragma once

#include <cstdint>
#include <string_view>

namespace dsq::onnx_format {

// Whether an operator of that set has a form that opset 7 still has.
bool keeps_its_form(std::string_view op_type, int64_t opset);

}  // namespace dsq::onnx_format
