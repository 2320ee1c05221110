// A pass is a free function and one row in table.cc. It may change topology; it never sees data, only what calibration
// made of it.
#pragma once

#include <string_view>

#include "src/ir/graph.h"
#include "src/quant/recipe.h"
#include "src/quant/stats.h"
#include "src/support/diagnostics.h"
#include "src/support/progress.h"
#include "src/support/result.h"

namespace dsq {

struct PassContext {
  const Recipe& recipe;
  const CalibrationTable* stats = nullptr;  // null without data
  Diagnostics& diag;
  Progress* progress = nullptr;  // of the phase that the pass is in, where somebody looks
};

struct PassDef {
  std::string_view name;     // of the function and of its file: verb_object
  std::string_view summary;  // one sentence
  Stage from;                // the stage that it needs
  Stage to;                  // the stage that it leaves behind
  // Whether the graph changed. A rewrite that does not apply for a reason that a user may wonder about is a
  // diag.note(node name, reason).
  Result<bool> (*run)(Graph&, PassContext&);
};

}  // namespace dsq
