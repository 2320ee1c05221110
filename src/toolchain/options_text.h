// The options of a quantization as words of a command line and back: in reports, in .dsq files, in reproducers.
#pragma once

#include <string>
#include <string_view>

#include "src/toolchain/quantize.h"

namespace dsq {

// What decides the bytes of the artefact, besides the model and the data: "--weights int8 --act int4 --keep 'head*=fp16'".
// No paths (EVAL stands for one); options at their defaults are left out, but for the first two.
std::string text_of(const QuantizeOptions& options);
std::string text_of(const Recipe& recipe);
// Which samples are calibrated on: the part of it that tables have.
std::string draw_text(const QuantizeOptions& options);

// The inverse; of a recipe, also the word --calibrated. Errors: usage, naming the word that is not understood.
Result<QuantizeOptions> options_from(std::string_view text);
Result<Recipe> recipe_from(std::string_view text);

// One --keep PATTERN=PRECISION; patterns may hold '='. Errors: usage.
Result<Keep> keep_from(const std::string& text);
// One --layer LAYER=int8; names may hold '='. Errors: usage.
Result<std::pair<std::string, Precision>> layer_from(const std::string& text);
// One --shape NAME=1,3,224,224; names may hold '='. Errors: usage.
Result<std::pair<std::string, Shape>> shape_from(const std::string& text);

}  // namespace dsq
