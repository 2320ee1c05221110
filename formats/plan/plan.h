// A plan of mixed precision as a file: {"layers": {"conv_3": "int8", "fc": "fp16"}}.
#pragma once

#include <string>
#include <string_view>

#include "src/quant/recipe.h"
#include "src/support/result.h"

namespace dsq {

std::string plan_text(const Plan& plan);
// Errors: data_unreadable: no JSON, no "layers", a precision other than int4, int8 and fp16.
Result<Plan> parse_plan(std::string_view text);

}  // namespace dsq
