// What is measured on outputs, the limits that it is held to, and the files for CI.
#pragma once

#include <optional>

#include <CLI/CLI.hpp>

#include "src/report/output_kind.h"
#include "src/toolchain/ci_files.h"
#include "src/toolchain/gates.h"

namespace dsq::cli {

void add_output_gates(CLI::App& app, OutputGates& gates);              // --max-drop, --min-agreement, ...
void add_output_kind(CLI::App& app, std::optional<OutputKind>& kind);  // --output-kind
void add_ci_files(CLI::App& app, CiFiles& files);                      // --junit, --sarif, --markdown

}  // namespace dsq::cli
