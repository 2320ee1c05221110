#include "cli/profile.h"

#include <algorithm>
#include <map>

#include "cli/table.h"
#include "formats/report/markup.h"

namespace dsq::cli {
namespace {

std::vector<NodeProfile> slowest_first(std::vector<NodeProfile> rows) {
  std::ranges::stable_sort(rows, [](const NodeProfile& a, const NodeProfile& b) { return a.seconds > b.seconds; });
  return rows;
}

struct OpTotal {
  std::string_view op;
  double seconds = 0;
  int64_t nodes = 0;
};

std::vector<OpTotal> by_op(const std::vector<NodeProfile>& profile) {
  std::map<std::string_view, OpTotal> totals;
  for (const NodeProfile& row : profile) {
    OpTotal& total = totals[name_of(row.op)];
    total.op = name_of(row.op);
    total.seconds += row.seconds;
    ++total.nodes;
  }
  std::vector<OpTotal> rows;
  for (const auto& [op, total] : totals) {
    rows.push_back(total);
  }
  std::ranges::stable_sort(rows, [](const OpTotal& a, const OpTotal& b) { return a.seconds > b.seconds; });
  return rows;
}

}  // namespace

std::string profile_text(const std::vector<NodeProfile>& profile, int64_t runs, size_t nodes) {
  double all = 0;
  for (const NodeProfile& row : profile) {
    all += row.seconds;
  }
  const auto milliseconds = [&](double seconds) {
    return fmt::format("{:.3f}", seconds * 1e3 / static_cast<double>(std::max<int64_t>(runs, 1)));
  };
  const auto share = [&](double seconds) { return fmt::format("{:.1f} %", all > 0 ? 100 * seconds / all : 0.0); };
  Table ops({"operator", ">nodes", ">ms", ">share"});
  for (const OpTotal& row : by_op(profile)) {
    ops.add({std::string(row.op), std::to_string(row.nodes), milliseconds(row.seconds), share(row.seconds)});
  }
  Table slowest({nodes < profile.size() ? fmt::format("slowest {} nodes of {}", nodes, profile.size()) : "node",
                 "operator", ">ms", ">share"});
  const std::vector<NodeProfile> rows = slowest_first(profile);
  for (size_t i = 0; i < std::min(nodes, rows.size()); ++i) {
    slowest.add({shortened(rows[i].name, 44), std::string(name_of(rows[i].op)), milliseconds(rows[i].seconds),
                 share(rows[i].seconds)});
  }
  return "\n" + ops.text() + "\n" + slowest.text();
}

Json profile_json(const std::vector<NodeProfile>& profile, int64_t runs) {
  Json json = Json::array();
  for (const NodeProfile& row : slowest_first(profile)) {
    json.push_back({{"node", row.name},
                    {"op", name_of(row.op)},
                    {"seconds", row.seconds / static_cast<double>(std::max<int64_t>(runs, 1))}});
  }
  return json;
}

}  // namespace dsq::cli
