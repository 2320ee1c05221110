// The order of the passes, each with the reason for its place.
#include <algorithm>
#include <array>

#include "passes/passes.h"
#include "src/support/strings.h"

namespace dsq {
namespace {

constexpr auto kImport = std::to_array<std::string_view>({
    "infer_shapes",    // everything below asks for ranks and sizes
    "absorb_qdq",      // before constants are folded, so that what came quantized is said
    "fold_constants",  // weights behind Identity, Cast or Reshape become plain constants; shape arithmetic goes
    "absorb_qdq",      // again: scales may have been computed
});

// Each of these makes work for the others: a folded identity brings transposes together, a merged transpose makes two
// nodes compute the same, and all leave dead ends.
constexpr auto kClean = std::to_array<std::string_view>({
    "fold_constants",
    "fold_identity",
    "fold_transpose",
    "merge_common",
    "drop_dead",
});

constexpr auto kCanonicalize = std::to_array<PassGroup>({
    {kImport},
    {kClean, true},
});

constexpr auto kLists = std::to_array<PassList>({
    {"canonicalize", "One way to say each thing: shapes known, constants folded, nothing superfluous.", kCanonicalize},
});

}  // namespace

std::span<const PassList> pass_lists() { return kLists; }

Result<const PassList*> find_pass_list(std::string_view name) {
  const auto row = std::ranges::find(kLists, name, &PassList::name);
  if (row != kLists.end()) {
    return &*row;
  }
  std::vector<std::string> names;
  for (const PassList& list : kLists) {
    names.emplace_back(list.name);
  }
  return fail(Code::pass_unknown, "there is no list of passes '{}'; the nearest name is '{}'", name,
              nearest(name, names));
}

}  // namespace dsq
