// Every pass, sorted by name. A row's name, its function and its file are the same word.
#include <algorithm>
#include <array>

#include "passes/passes.h"
#include "src/support/strings.h"

namespace dsq {
namespace {

constexpr auto kPasses = std::to_array<PassDef>({
    {"drop_dead", "Removes nodes and constants that no output depends on.", Stage::floating, Stage::floating, drop_dead},
    {"fold_constants", "Computes what does not depend on the inputs.", Stage::floating, Stage::floating, fold_constants},
    {"infer_shapes", "Sets the types of all values from those of the inputs.", Stage::floating, Stage::floating, infer_shapes},
});
static_assert(std::ranges::is_sorted(kPasses, {}, &PassDef::name));

}  // namespace

std::span<const PassDef> all_passes() { return kPasses; }

Result<const PassDef*> find_pass(std::string_view name) {
  const auto row = std::ranges::find(kPasses, name, &PassDef::name);
  if (row != kPasses.end()) {
    return &*row;
  }
  std::vector<std::string> names;
  for (const PassDef& pass : kPasses) {
    names.emplace_back(pass.name);
  }
  return fail(Code::pass_unknown, "there is no pass '{}'; the nearest name is '{}'", name, nearest(name, names));
}

}  // namespace dsq
