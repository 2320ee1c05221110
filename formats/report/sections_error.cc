// Where the error comes from: layer by layer, the worst ones with their remedy, and what reaches the outputs.
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "formats/report/charts.h"
#include "formats/report/markup.h"
#include "formats/report/sections.h"
#include "formats/report/select.h"

namespace dsq::page {
namespace {

constexpr size_t kNamedBars = 8;
constexpr size_t kWorst = 5;
constexpr size_t kScatters = 6;
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

std::string panel(const std::string& title, const std::string& explanation, std::vector<Bar> bars, double limit,
                  const std::string& legend) {
  sort_bars(bars);
  const std::string all = fmt::format("{}, the largest first", plural(static_cast<int64_t>(bars.size()), "layer"));
  return fmt::format(
      "<div class=\"panel\"><h3>{}</h3><p class=\"lead\">{}</p><div class=\"split\"><figure>{}<figcaption>{}. "
      "{}</figcaption></figure>"
      "<div><h4>The {} largest</h4>{}</div></div></div>",
      title, explanation, overview_chart(bars, limit, title + ": " + all), all, legend,
      std::min(kNamedBars, bars.size()), named_bars(bars, kNamedBars));
}

std::string weight_panel(const Report& report) {
  std::vector<Bar> bars;
  int64_t regrouped = 0;
  for (const LayerReport& layer : report.layers) {
    Bar bar{layer.name, layer.weight_error, kNone, percent(layer.weight_error), {}, false};
    bar.tip = fmt::format("weight error {}", exact(layer.weight_error));
    if (layer.plain_weight_error != layer.weight_error && std::isfinite(layer.plain_weight_error)) {
      bar.mark = layer.plain_weight_error;
      bar.tip += fmt::format("\nwith one scale per channel {}", exact(layer.plain_weight_error));
      ++regrouped;
    }
    bar.tip += "\n" + layer.granularity;
    bar.flagged = misses_limit(report, layer);
    bars.push_back(std::move(bar));
  }
  std::string text = "Relative L2 error of the stored weights against those that they stand for.";
  if (regrouped > 0) {
    text += fmt::format(" {} got finer scales to keep within the limit.", plural(regrouped, "layer"));
  }
  return panel("Weights", text, std::move(bars), has_weight_limit(report) ? report.max_weight_error : kNone,
               regrouped > 0 ? "The ticks show the error with one scale per output channel." : "");
}

std::string signal_panel(const Report& report, const std::string& title, const std::string& text,
                         std::optional<double> LayerReport::*sqnr) {
  std::vector<Bar> bars;
  for (const LayerReport& layer : report.layers) {
    if (const std::optional<double>& db = layer.*sqnr) {
      bars.push_back({layer.name, noise_of_db(*db), kNone,
                      fmt::format("{} \xC2\xB7 {}", decibel(*db), percent(noise_of_db(*db), 2)),
                      fmt::format("SQNR {} dB\nnoise {} of the signal", exact(*db), percent(noise_of_db(*db), 4)),
                      !(*db >= 10)});
    }
  }
  if (bars.empty()) {
    return fmt::format(
        "<div class=\"panel\"><h3>{}</h3>{}</div>", title,
        empty_note(report.data_samples > 0 ? "Not measured for any layer of this run."
                                           : "Not measured: no data was given. Pass <code>--data x.npz</code>."));
  }
  return panel(title, text, std::move(bars), kNone, "Layers below 10 dB stand out.");
}

std::string advice_card(const LayerReport& layer, size_t rank) {
  std::string figures;
  if (layer.output_sqnr_db) {
    figures += fmt::format("<span title=\"{} dB\">output SQNR <b>{}</b></span>", exact(*layer.output_sqnr_db),
                           decibel(*layer.output_sqnr_db));
  }
  if (layer.input_sqnr_db) {
    figures += fmt::format("<span title=\"{} dB\">input SQNR <b>{}</b></span>", exact(*layer.input_sqnr_db),
                           decibel(*layer.input_sqnr_db));
  }
  figures += fmt::format("<span title=\"{}\">weight error <b>{}</b></span>", exact(layer.weight_error),
                         percent(layer.weight_error));
  const std::string cause = layer.cause.empty() ? "The cause was not found." : escape(sentence(layer.cause));
  const std::string seen =
      layer.input ? histogram(*layer.input, "Values of the input of " + shortened(layer.name, 80)) : std::string();
  const std::string mend =
      layer.mend.empty()
          ? std::string()
          : fmt::format(
                "<div class=\"mend\"><code>{}</code><button type=\"button\" class=\"copy\" hidden>Copy</button></div>",
                escape(layer.mend));
  return fmt::format(
      "<li class=\"card\"><span class=\"rank\" aria-hidden=\"true\">{}</span><div class=\"body\"><div "
      "class=\"cardhead\">{}"
      "<span class=\"muted\">{}</span></div><div class=\"figures\">{}</div><p>{}</p>{}{}</div></li>",
      rank, name_tag(layer.name), escape(shortened(layer.op, 40)), figures, cause, seen, mend);
}

std::string output_row(const OutputReport& output) {
  const std::string agreement =
      output.top1_agreement ? fmt::format("<td class=\"num\" title=\"{}\">{}</td>", exact(*output.top1_agreement),
                                          percent(*output.top1_agreement))
                            : std::string("<td class=\"num muted\" title=\"not class scores\">\xE2\x80\x93</td>");
  return fmt::format(
      "<tr><th scope=\"row\">{}</th><td class=\"num\" title=\"{} dB\">{}</td><td class=\"num\" title=\"{}\">{}</td>"
      "<td class=\"num\" title=\"{}\">{}</td>{}</tr>",
      name_tag(output.name, 48), exact(output.sqnr_db), decibel(output.sqnr_db), exact(output.cosine),
      figure(output.cosine, 4), exact(output.max_abs_error), figure(output.max_abs_error), agreement);
}

}  // namespace

std::string errors(const Report& report) {
  if (report.layers.empty()) {
    return empty_note("The model has no layer with weights (convolution, linear), so there is nothing to compare.");
  }
  return weight_panel(report) +
         signal_panel(report, "Layer inputs",
                      "Noise that quantizing its input adds to a layer, against the same float input.",
                      &LayerReport::input_sqnr_db) +
         signal_panel(
             report, "Layer outputs",
             "Noise in a layer's output, quantized network against float network: everything before it included.",
             &LayerReport::output_sqnr_db);
}

std::string worst(const Report& report) {
  const std::vector<const LayerReport*> layers = worst_layers(report, kWorst);
  if (layers.empty()) {
    return empty_note(report.data_samples > 0 ? "No layer stands out, so there is nothing to mend."
                                              : "No layer's weights stand out. What its activations lose shows with "
                                                "data only; pass <code>--data x.npz</code>.");
  }
  std::string out =
      "<p class=\"lead\">Those that lose most by themselves first; bars are the values of their inputs, dashed lines "
      "what they are clipped at. Each flag can be added to the same command.</p><ol "
      "class=\"cards\">";
  for (size_t i = 0; i < layers.size(); ++i) {
    out += advice_card(*layers[i], i + 1);
  }
  return out + "</ol>";
}

std::string outputs(const Report& report) {
  if (report.outputs.empty()) {
    return empty_note("No data was given, so outputs were not compared; pass <code>--data x.npz</code>.");
  }
  std::string rows;
  std::string plots;
  for (size_t i = 0; i < report.outputs.size(); ++i) {
    rows += output_row(report.outputs[i]);
    if (i < kScatters) {
      plots += fmt::format("<figure>{}<figcaption>{}</figcaption></figure>", scatter(report.outputs[i]),
                           name_tag(report.outputs[i].name, 48));
    }
  }
  const std::string source =
      report.data_kind == "probe"
          ? "a synthetic probe"
          : plural(report.measured_samples.value_or(report.data_samples), "sample") + " of your data";
  std::string out = fmt::format(
      "<p class=\"lead\">The same inputs through both networks ({}). On the line, float and quantized agree.</p>"
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Outputs\"><table "
      "class=\"plain\"><thead><tr><th scope=\"col\">Output</th>"
      "<th scope=\"col\" class=\"num\">SQNR</th><th scope=\"col\" class=\"num\">cosine</th><th scope=\"col\" "
      "class=\"num\">largest error</th>"
      "<th scope=\"col\" class=\"num\">top-1 agreement</th></tr></thead><tbody>{}</tbody></table></div><div "
      "class=\"plots\">{}</div>",
      source, rows, plots);
  if (report.outputs.size() > kScatters) {
    out += fmt::format("<p class=\"muted\">Plots of the first {} outputs; the table holds all {}.</p>", kScatters,
                       report.outputs.size());
  }
  return out;
}

}  // namespace dsq::page
