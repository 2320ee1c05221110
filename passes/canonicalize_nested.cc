// canonicalize_nested: the branches of if_else and the bodies of loop are graphs of their own, and go through the list
// `canonicalize` as such. What they take from outside are inputs to them, so nothing moves across their borders.
#include "passes/match.h"
#include "passes/passes.h"
#include "src/ir/compare.h"
#include "src/ir/nested.h"

namespace dsq {
namespace {

// The canonical form of a nested graph, or the graph itself where that is its form already. Notes are handed on, said by
// the pass that runs now.
Result<GraphRef> canonical(const GraphRef& nested, const std::string& node, PassContext& outer) {
  Graph copy = *nested;
  Diagnostics diag;
  PassContext context{outer.recipe, outer.stats, diag};
  const PassList* list = DSQ_TRY(find_pass_list("canonicalize"));
  const Result<std::vector<PassRecord>> records = run_passes(copy, *list, context);
  if (!records) {
    return Error(records.error()).with("in a graph of '" + node + "'");
  }
  for (const Diagnostic& item : diag.items()) {
    const std::string text = fmt::format("{}: {} (in '{}')", item.pass, item.text, node);
    if (item.severity == Severity::note) {
      outer.diag.note(item.where, text);
    } else {
      outer.diag.warn(item.code, item.where, text);
    }
  }
  if (first_difference(*nested, copy).empty()) {
    return nested;
  }
  copy.compact();  // the compact form of the graph around it does not reach in here
  return std::make_shared<const Graph>(std::move(copy));
}

}  // namespace

Result<bool> canonicalize_nested(Graph& graph, PassContext& context) {
  bool changed = false;
  context.diag.restart_pass();
  for (const NodeId id : graph.topo_order()) {
    const std::string label = label_of(graph, id);
    Attrs attrs = graph.node(id).attrs;
    for (GraphRef* nested : nested_graphs(attrs)) {
      *nested = DSQ_TRY(canonical(*nested, label, context));
    }
    if (!(attrs == graph.node(id).attrs)) {
      graph.set_attrs(id, std::move(attrs));
      changed = true;
    }
  }
  return changed;
}

}  // namespace dsq
