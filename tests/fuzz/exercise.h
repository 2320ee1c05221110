// What the fuzz targets that end in a network do with it: what the product does, on a small budget of time and memory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "src/support/result.h"

namespace dsq::fuzz {

// A folder of this process alone, removed at its end.
const std::filesystem::path& folder();
std::filesystem::path write(const char* name, std::span<const uint8_t> bytes);
std::string read(const char* name);

// Refusals are what hostile input is for. Ends the process when the product says that it is itself at fault.
void expect_refusal(const Error& error);
// Ends the process: what must hold does not.
[[noreturn]] void find(std::string_view what);

// Loads the model as the tool would. A network that is small is then run by the portable kernels, written and read back,
// and quantized; what comes of that is run, written and read back as well.
void exercise(const std::filesystem::path& model);

}  // namespace dsq::fuzz
