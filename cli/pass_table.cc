#include "cli/pass_table.h"

#include <algorithm>

#include "cli/table.h"

namespace dsq::cli {
namespace {

struct Row {
  std::string_view name;
  int64_t runs = 0;
  int64_t changes = 0;
  double milliseconds = 0;
};

}  // namespace

void report_passes(Console& console, const PassLog& log) {
  if (!console.verbose() || log.empty()) {
    return;
  }
  std::vector<Row> rows;  // in the order of their first run
  for (const PassRecord& record : log) {
    auto row = std::ranges::find(rows, record.name, &Row::name);
    if (row == rows.end()) {
      row = rows.insert(rows.end(), Row{record.name});
    }
    ++row->runs;
    row->changes += record.changed ? 1 : 0;
    row->milliseconds += record.milliseconds;
  }
  Table table({"pass", ">runs", ">changed the graph", ">ms"});
  for (const Row& row : rows) {
    table.add({std::string(row.name), std::to_string(row.runs), std::to_string(row.changes),
               fmt::format("{:.2f}", row.milliseconds)});
  }
  console.aside(table.text());
}

}  // namespace dsq::cli
