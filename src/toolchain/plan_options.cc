#include "src/toolchain/plan_options.h"

#include "passes/plan_rules.h"
#include "src/support/strings.h"

namespace dsq {
namespace {

// What only a search for a plan looks at, of what is given; empty: nothing.
std::string search_flag(const QuantizeOptions& options) {
  const MixedOptions& mixed = options.mixed;
  return mixed.target_share                           ? "--target-a4"
         : mixed.fallback != Fallback::automatic      ? "--fallback"
         : mixed.aim && mixed.aim != options.max_drop ? "--aim"
         : options.save_plan                          ? "--plan"
                                                      : "";
}

}  // namespace

Result<void> check_search(const QuantizeOptions& options) {
  const std::string flag = search_flag(options);
  if (flag.empty() || options.used_plan) {
    return {};
  }
  const std::string what =
      flag == "--plan" ? fmt::format("there is no plan '{}', and the search for one", options.save_plan->string())
                       : flag + " is for the search for a plan, which";
  if (!options.mixed.search) {
    return fail(Code::option_conflict, "{} is turned off by --mixed off", what).hint("leave one of them out");
  }
  if (!is_integer(options.recipe.act)) {
    return fail(Code::option_conflict, "{} needs --act int4 or int8", what);
  }
  return options.data ? Result<void>()
                      : Result<void>(fail(Code::option_conflict, "{} needs samples", what).hint("add --data FILE"));
}

Result<void> check_plan(const QuantizeOptions& options, const Graph& graph, Diagnostics& diagnostics) {
  if (!options.used_plan) {
    return {};
  }
  const auto& [path, plan] = *options.used_plan;
  if (const std::optional<std::string> unknown = unknown_layer(graph, plan)) {
    return fail(Code::data_mismatch, "it names a layer that the model has not: {}", *unknown)
        .at(path.string())
        .hint("a plan belongs to the network that it was found for; name a file that is not there to have one found");
  }
  const std::string used = fmt::format(
      "the plan of '{}' is used, which {}", path.string(),
      plan.empty() ? "leaves every layer as it is asked for" : "decides " + plural(std::ssize(plan), "layer"));
  const std::string flag = search_flag(options);
  if (flag.empty()) {
    diagnostics.note("", used);
  } else {
    diagnostics.warn(Code::option_conflict, "", fmt::format("{} has no say: {}", flag, used));
  }
  return {};
}

}  // namespace dsq
