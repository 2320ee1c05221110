#include "src/toolchain/nested.h"

#include "passes/passes.h"
#include "passes/plan_rules.h"
#include "src/ir/nested.h"

namespace dsq {
namespace {

Result<PassLog> run_within(std::string_view name, GraphRef& nested, PassContext& outer,
                           const PipelineOptions& options) {
  Graph copy = *nested;
  const Recipe recipe = recipe_within(outer.recipe, copy);
  PassContext context{recipe, nullptr, outer.diag};
  PassLog log = DSQ_TRY(run_list(name, copy, context, options));
  copy.compact();
  nested = std::make_shared<const Graph>(std::move(copy));
  return log;
}

}  // namespace

Result<PassLog> run_list(std::string_view name, Graph& graph, PassContext& context, const PipelineOptions& options) {
  PassLog log = DSQ_TRY(run_passes(graph, *DSQ_TRY(find_pass_list(name)), context, options));
  if (name == "canonicalize") {
    return log;
  }
  for (const NodeId id : graph.nodes()) {
    Attrs attrs = graph.node(id).attrs;
    const std::vector<GraphRef*> within = nested_graphs(attrs);
    for (GraphRef* nested : within) {
      append(log, DSQ_TRY(run_within(name, *nested, context, options)));
    }
    if (!within.empty()) {
      graph.set_attrs(id, std::move(attrs));
    }
  }
  return log;
}

}  // namespace dsq
