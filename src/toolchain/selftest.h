// Checks this machine and this installation without any file of the user's: a small built-in network goes all the way.
#pragma once

#include <filesystem>
#include <functional>
#include <string_view>

#include "src/support/result.h"

namespace dsq {

// Called after each step that went well, with what was checked and how long it took.
using OnChecked = std::function<void(std::string_view what, double seconds)>;

// Reads a built-in ONNX model; quantizes a built-in network with and without data; writes, reads back; runs the result on
// both backends. `folder` is empty and stays as it is found afterwards but for files of dsquant's own.
// Errors: internal where a step gives another result than it must; those of the steps.
Result<void> selftest(const std::filesystem::path& folder, const OnChecked& checked);

}  // namespace dsq
