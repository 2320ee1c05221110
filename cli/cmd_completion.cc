// dsquant completion and dsquant man: what other programs want to know about this one.
#include <memory>

#include "cli/command.h"
#include "cli/completion.h"
#include "cli/manual.h"
#include "cli/options.h"

namespace dsq::cli {

Action define_completion(CLI::App& app) {
  const auto shell = std::make_shared<std::string>();
  add_choice(app, "SHELL", *shell, {"bash", "zsh", "fish"}, "the shell to complete in")->required();
  return [shell](Console& console) -> Result<Exit> {
    const std::vector<CommandFacts> all = describe_commands();
    console.print(*shell == "bash"  ? bash_completion(all)
                  : *shell == "zsh" ? zsh_completion(all)
                                    : fish_completion(all));
    return Exit::ok;
  };
}

Action define_man(CLI::App&) {
  return [](Console& console) -> Result<Exit> {
    console.print(manual(describe_commands(), DSQ_VERSION));
    return Exit::ok;
  };
}

}  // namespace dsq::cli
