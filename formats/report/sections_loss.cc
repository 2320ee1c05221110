// What is lost: by each measure with its interval, class by class, and the samples that lose most.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "formats/report/markup.h"
#include "formats/report/sections.h"
#include "src/report/loss_text.h"

namespace dsq::page {
namespace {

constexpr size_t kClasses = 20;

std::string loss_row(const LossReport& loss) {
  const std::string interval =
      loss.low && loss.high ? fmt::format("{} to {}", points_text(loss, *loss.low), points_text(loss, *loss.high))
                            : std::string("\xE2\x80\x93");
  return fmt::format(
      "<tr><th scope=\"row\" title=\"{}\">{}</th><td>{}</td>{}<td class=\"num\">{}</td><td class=\"num\">{}</td><td "
      "class=\"num\">{}</td></tr>",
      escape(loss_method(loss)), escape(loss_title(loss)), loss.output.empty() ? "" : name_tag(loss.output, 40),
      number_cell(points_text(loss, loss.points), loss.points), escape(interval), escape(points_text(loss, loss.limit)),
      escape(figures_text(loss)));
}

std::string worst_samples(const LossReport& loss) {
  if (loss.worst.empty()) {
    return "";
  }
  std::string rows;
  for (const SamplePoints& each : loss.worst) {
    rows += fmt::format("<tr><th scope=\"row\">{}</th><td class=\"num\">{}</td>{}</tr>", name_tag(each.place, 80),
                        each.sample, number_cell(points_text(loss, each.points), each.points));
  }
  return fmt::format(
      "<div class=\"panel\"><h3>Worst samples</h3><p class=\"lead\">By {}, of each sample alone.</p>{}</div>",
      escape(loss_title(loss)),
      plain_table("Worst samples", column("Sample", false) + column("number") + column("lost"), rows));
}

std::string class_table(const AccuracyReport& accuracy) {
  if (!accuracy.classes || accuracy.classes->empty()) {
    return "";
  }
  std::vector<const ClassReport*> order;
  for (const ClassReport& each : *accuracy.classes) {
    order.push_back(&each);
  }
  std::ranges::stable_sort(order, std::greater(),
                           [](const ClassReport* each) { return each->float_f1 - each->quantized_f1; });
  std::string rows;
  for (size_t i = 0; i < std::min(order.size(), kClasses); ++i) {
    const ClassReport& each = *order[i];
    rows += fmt::format("<tr><th scope=\"row\">{}</th><td class=\"num\">{}</td>",
                        each.name.empty() ? std::to_string(each.label) : name_tag(each.name, 40), each.samples);
    for (const auto& [before, after] : {std::pair{each.float_precision, each.quantized_precision},
                                        {each.float_recall, each.quantized_recall},
                                        {each.float_f1, each.quantized_f1}}) {
      rows += fmt::format("<td class=\"num\" title=\"{} in float\">{}</td>", percent(before, 4), percent(after));
    }
    rows += "</tr>";
  }
  std::string text = "Precision, recall and F1 of the quantized network, those that lose most of F1 first.";
  if (order.size() > kClasses) {
    text += fmt::format(" The first {} of {} classes.", kClasses, order.size());
  }
  if (accuracy.float_top5 && accuracy.quantized_top5) {
    text += fmt::format(" Top-5 accuracy: {}, in float {}.", percent(*accuracy.quantized_top5),
                        percent(*accuracy.float_top5));
  }
  if (accuracy.float_macro_f1 && accuracy.quantized_macro_f1) {
    text += fmt::format(" Macro F1: {}, in float {}.", percent(*accuracy.quantized_macro_f1),
                        percent(*accuracy.float_macro_f1));
  }
  return fmt::format(
      "<div class=\"panel\"><h3>Classes</h3><p class=\"lead\">{}</p>{}</div>", text,
      plain_table("Classes",
                  column("Class", false) + column("samples") + column("precision") + column("recall") + column("F1"),
                  rows));
}

}  // namespace

std::string losses(const Report& report) {
  if (!report.losses || report.losses->empty()) {
    return empty_note("Not measured: no data was given. Pass <code>--data x.npz</code>.");
  }
  std::string rows;
  for (const LossReport& loss : *report.losses) {
    rows += loss_row(loss);
  }
  const LossReport& first = report.losses->front();
  const std::string unproved = unproved_text(first);
  const std::string proof = !unproved.empty()  ? unproved
                            : is_proved(first) ? fmt::format("{} are proved at 95 %", points_text(first, first.limit))
                                               : std::string();
  return fmt::format("<div class=\"panel\"><p class=\"lead\">{} {}</p>{}</div>", escape(loss_method(first)),
                     proof.empty() ? "" : escape(sentence(proof)),
                     plain_table("Losses",
                                 column("Lost", false) + column("of output", false) + column("points") +
                                     column("95 % interval") + column("limit or aim") + column("figures"),
                                 rows)) +
         worst_samples(first) + (report.accuracy ? class_table(*report.accuracy) : std::string());
}

}  // namespace dsq::page
