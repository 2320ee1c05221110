// Backends: how a graph is reshaped for one and which kernels it has. A sorted table, no registration.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "src/runner/kernel.h"

namespace dsq {

struct Backend {
  std::string_view name;
  std::string_view summary;
  // Fusions and layouts, on a graph whose input shapes are known. Graph outputs survive under their names.
  Result<void> (*transform)(Graph&);
  // A kernel for this node with the types that it has in the graph. Errors: op_not_runnable.
  Result<Kernel> (*prepare)(const Graph&, NodeId);
  // What it computes with on this machine: "AVX-512 with VNNI". Floats may differ in their last bits elsewhere.
  std::string (*instructions)();
  std::string (*library)();  // whose kernels it uses: "oneDNN 2.6.3"; empty: its own
};

std::span<const Backend> backends();
Result<const Backend*> find_backend(std::string_view name);  // errors: backend_missing

}  // namespace dsq
