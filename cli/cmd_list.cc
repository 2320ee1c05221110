// dsquant list: what there is to choose from.
#include <memory>

#include "cli/command.h"
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
  Listing list{{"code", "exit", "meaning", "next step"}, {}};
  for (const CodeInfo& code : all_codes()) {
    list.rows.push_back({code_name(code.code), std::to_string(static_cast<int>(code.exit)), std::string(code.meaning),
                         std::string(code.next)});
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

Result<Exit> run(const std::string& what, bool json, Console& console) {
  const Listing list = listing_of(what);
  Table table(list.columns);
  Json rows = Json::array();
  for (const std::vector<std::string>& row : list.rows) {
    table.add(row);
    Json& object = rows.emplace_back(Json::object());
    for (size_t c = 0; c < row.size(); ++c) {
      object[list.columns[c]] = row[c];
    }
  }
  json ? console.print_json({{what, rows}}) : console.print(table.text());
  return Exit::ok;
}

}  // namespace

Action define_list(CLI::App& app) {
  const auto common = std::make_shared<Common>();
  const auto what = std::make_shared<std::string>();
  add_choice(app, "WHAT", *what, {"passes", "ops", "backends", "codes", "precisions"}, "what to list")->required();
  add_json(app, *common);
  return [common, what](Console& console) { return run(*what, common->json, console); };
}

}  // namespace dsq::cli
