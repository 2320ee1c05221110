// dsquant list: what there is to choose from.
#include <memory>

#include "cli/command.h"
#include "cli/explain.h"
#include "cli/options.h"
#include "cli/table.h"
#include "passes/passes.h"
#include "src/ops/op_def.h"
#include "src/runner/backend.h"

namespace dsq::cli {
namespace {

struct Listing {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
};

Listing list_passes() {
  Listing list{{"pass", "from", "to", "what it does"}, {}};
  for (const PassDef& pass : all_passes()) {
    list.rows.push_back({std::string(pass.name), std::string(name_of(pass.from)), std::string(name_of(pass.to)),
                         std::string(pass.summary)});
  }
  return list;
}

std::string rule_text(QuantRule rule) {
  switch (rule) {
    case QuantRule::none: return "stays in float";
    case QuantRule::layer: return "quantized layer";
    case QuantRule::same_scale: return "keeps integers and their scale";
    case QuantRule::rescale: return "integer form with scales of its own";
    case QuantRule::table: return "look-up table on integers";
  }
  return {};
}

Listing list_ops() {
  Listing list{{"operator", "inputs", "outputs", "quantization"}, {}};
  const auto range = [](int low, int high) {
    return high < 0 ? fmt::format("{}+", low) : low == high ? fmt::format("{}", low) : fmt::format("{}-{}", low, high);
  };
  for (int kind = 0; kind < kOpKinds; ++kind) {
    const OpDef& op = op_def(static_cast<OpKind>(kind));
    list.rows.push_back({std::string(name_of(op.kind)), range(op.min_inputs, op.max_inputs),
                         range(op.min_outputs, op.max_outputs), rule_text(op.rule)});
  }
  return list;
}

Listing list_backends() {
  Listing list{{"backend", "what it is"}, {}};
  for (const Backend& backend : backends()) {
    list.rows.push_back({std::string(backend.name), std::string(backend.summary)});
  }
  return list;
}

Listing list_codes() {
  Listing list{{"code", "exit", "meaning"}, {}};
  for (const CodeInfo& code : all_codes()) {
    list.rows.push_back({code_name(code.code), std::to_string(static_cast<int>(code.exit)), std::string(code.title)});
  }
  return list;
}

Listing list_precisions() {
  return {{"precision", "--weights", "--act", "--keep", "meaning"},
          {{"int8", "yes", "yes", "yes", "8-bit integers"},
           {"int6", "yes", "", "", "6-bit integers"},
           {"int4", "yes", "yes", "yes", "4-bit integers"},
           {"fp16", "yes", "yes", "yes", "stored as 16-bit floats, computed in float"},
           {"float", "yes", "yes", "yes", "32-bit floats"}}};
}

Listing listing_of(const std::string& what) {
  return what == "passes"     ? list_passes()
         : what == "ops"      ? list_ops()
         : what == "backends" ? list_backends()
         : what == "codes"    ? list_codes()
                              : list_precisions();
}

struct Options {
  Common common;
  std::string what;
  bool markdown = false;
};

Json to_json(const std::string& what, const Listing& list) {
  Json rows = Json::array();
  for (const std::vector<std::string>& row : list.rows) {
    Json& object = rows.emplace_back(Json::object());
    for (size_t c = 0; c < row.size(); ++c) {
      object[list.columns[c]] = row[c];
    }
  }
  if (what == "codes") {  // the table on a screen leaves most of it out
    rows = Json::array();
    for (const CodeInfo& info : all_codes()) {
      rows.push_back(explanation_json(info));
    }
  }
  return {{what, rows}};
}

Result<Exit> run(const Options& options, Console& console) {
  if (options.markdown) {
    if (options.what != "codes" || options.common.json) {
      return fail(Code::option_conflict, "--markdown is a page of the error codes")
          .hint("dsquant list codes --markdown");
    }
    console.print(errors_page());
    return Exit::ok;
  }
  const Listing list = listing_of(options.what);
  if (options.common.json) {
    console.print_json(to_json(options.what, list));
    return Exit::ok;
  }
  Table table(list.columns);
  for (const std::vector<std::string>& row : list.rows) {
    table.add(row);
  }
  console.print(table.text());
  if (options.what == "codes") {
    console.print(fitted("`dsquant explain E105` says more about one of them\n"));
  }
  return Exit::ok;
}

}  // namespace

Action define_list(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  add_choice(app, "WHAT", options->what, {"passes", "ops", "backends", "codes", "precisions"}, "what to list")
      ->required();
  app.add_flag("--markdown", options->markdown, "With codes: all of them in full, as a page");
  add_json(app, options->common);
  return [options](Console& console) { return run(*options, console); };
}

}  // namespace dsq::cli
