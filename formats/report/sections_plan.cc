// How precisions were mixed: the hull of plans, and those that were tried.
#include <fmt/format.h>

#include "formats/report/charts.h"
#include "formats/report/markup.h"
#include "formats/report/sections.h"

namespace dsq::page {

std::string plans(const Report& report) {
  if (!report.plans || report.plans->empty()) {
    return empty_note("Every layer has the precision that was asked for; nothing was searched for.");
  }
  std::string rows;
  for (const PlanReport& plan : *report.plans) {
    if (plan.points) {
      rows += fmt::format("<tr><th scope=\"row\">{}{}</th><td class=\"num\">{}</td>{}</tr>", escape(plan.flag),
                          plan.chosen ? " (chosen)" : "", percent(plan.share),
                          number_cell(fmt::format("{:.3f}", *plan.points), *plan.points));
    }
  }
  const std::string chart =
      report.plans->size() > 1
          ? hull(*report.plans, "Share of multiplications at the asked precision against predicted noise")
          : std::string();
  return fmt::format(
      "<div class=\"panel\"><p class=\"lead\">What moving layers out of the asked precision buys, by what each alone "
      "brings to the outputs. Large dots were tried on held-out samples.</p>{}{}</div>",
      chart,
      plain_table("Plans that were tried",
                  column("Flag", false) + column("at the asked precision") + column("points lost on held-out samples"),
                  rows));
}

}  // namespace dsq::page
