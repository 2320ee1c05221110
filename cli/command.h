// A command: its options, and what to do once they are parsed.
#pragma once

#include <functional>
#include <span>
#include <string_view>

#include <CLI/CLI.hpp>

#include "cli/console.h"
#include "src/support/result.h"

namespace dsq::cli {

using Action = std::function<Result<Exit>(Console&)>;

struct Command {
  std::string_view name;
  std::string_view summary;   // one sentence
  std::string_view examples;  // printed below the options
  Action (*define)(CLI::App& app);
  bool configurable = true;  // has settings that are worth a file
};

std::span<const Command> commands();  // in the order of the help

Action define_quantize(CLI::App& app);
Action define_run(CLI::App& app);
Action define_diff(CLI::App& app);
Action define_reproduce(CLI::App& app);
Action define_opt(CLI::App& app);
Action define_bench(CLI::App& app);
Action define_data(CLI::App& app);
Action define_inspect(CLI::App& app);
Action define_dump(CLI::App& app);
Action define_calibrate(CLI::App& app);
Action define_compare(CLI::App& app);
Action define_list(CLI::App& app);
Action define_explain(CLI::App& app);
Action define_completion(CLI::App& app);
Action define_selftest(CLI::App& app);
Action define_man(CLI::App& app);
Action define_version(CLI::App& app);

}  // namespace dsq::cli
