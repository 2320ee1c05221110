// What quantization asks of itself, whatever wrote it: a pass, a text, a file.
#pragma once

#include <optional>
#include <string>

#include "src/ir/quant.h"
#include "src/ir/shape.h"

namespace dsq {

// What is wrong with `spec`, as the end of a sentence about the value; empty when nothing is.
std::string wrong_with(const QuantSpec& spec);

// The same of params that belong to values of `type`. `storage` is the type of the quantized elements, where it is
// known. Dimensions that are open ask nothing unless scales lie along them.
std::string wrong_with(const QuantParams& params, const TensorType& type, std::optional<DType> storage);

}  // namespace dsq
