// Every pass, sorted by name. A row's name, its function and its file are the same word.
#include <algorithm>
#include <array>

#include "passes/passes.h"
#include "src/support/strings.h"

namespace dsq {
namespace {

constexpr auto kPasses = std::to_array<PassDef>({
    {"absorb_qdq", "Turns an already quantized model into a float model that remembers its ranges.", Stage::floating,
     Stage::floating, absorb_qdq},
    {"drop_dead", "Removes nodes and constants that no output depends on.", Stage::floating, Stage::floating,
     drop_dead},
    {"fold_constants", "Computes what does not depend on the inputs.", Stage::floating, Stage::floating,
     fold_constants},
    {"fold_identity", "Removes nodes that give back what they get, and merges chains of reshapes.", Stage::floating,
     Stage::floating, fold_identity},
    {"fold_transpose", "Merges transposes and moves them past elementwise operators where that removes one.",
     Stage::floating, Stage::floating, fold_transpose},
    {"infer_shapes", "Sets the types of all values from those of the inputs.", Stage::floating, Stage::floating,
     infer_shapes},
    {"merge_common", "Merges equal constants, and nodes that compute the same of the same.", Stage::floating,
     Stage::floating, merge_common},
});
static_assert(std::ranges::is_sorted(kPasses, {}, &PassDef::name));

}  // namespace

std::span<const PassDef> all_passes() { return kPasses; }

Result<const PassDef*> find_pass(std::string_view name, std::span<const PassDef> table) {
  const auto row = std::ranges::find(table, name, &PassDef::name);
  if (row != table.end()) {
    return &*row;
  }
  std::vector<std::string> names;
  for (const PassDef& pass : table) {
    names.emplace_back(pass.name);
  }
  return fail(Code::pass_unknown, "there is no pass '{}'; the nearest name is '{}'", name, nearest(name, names));
}

}  // namespace dsq
