#include "src/runner/backend.h"

#include <array>

#include "src/runner/onednn/backend.h"
#include "src/runner/portable/backend.h"
#include "src/support/strings.h"

namespace dsq {
namespace {

constexpr auto kBackends = std::to_array<Backend>({
    {"onednn", "fast kernels for x86-64, on oneDNN", onednn::transform, onednn::prepare, onednn::instructions,
     onednn::library},
    {"portable", "plain loops: the definition of every operator", portable::transform, portable::prepare,
     portable::instructions, portable::library},
});

}  // namespace

std::span<const Backend> backends() { return kBackends; }

Result<const Backend*> find_backend(std::string_view name) {
  std::vector<std::string> names;
  for (const Backend& backend : kBackends) {
    if (backend.name == name) {
      return &backend;
    }
    names.emplace_back(backend.name);
  }
  if (name == "cuda") {
    return fail(Code::backend_missing, "this is built without CUDA; the backends are {}", fmt::join(names, " and "));
  }
  return fail(Code::backend_missing, "no backend '{}'; nearest is '{}'", name, nearest(name, names));
}

}  // namespace dsq
