// Every layer with every figure. The table is complete without JavaScript; page.js sorts and filters its rows by the
// data attributes: data-v holds a cell's sort key, data-tags the row's filters.
#include <cmath>

#include <fmt/format.h>

#include "formats/report/markup.h"
#include "formats/report/sections.h"
#include "formats/report/select.h"

namespace dsq::page {
namespace {

struct Column {
  const char* title;
  const char* tip;
  bool numeric;
};

constexpr Column kColumns[] = {
    {"#", "execution order", true},
    {"Layer", "the model's node name", false},
    {"Operator", "", false},
    {"W", "type of the weights as stored", false},
    {"A", "type of the input as it is computed", false},
    {"Weight error", "relative L2 error of the stored weights", true},
    {"Input SQNR", "of the quantized input against the same float input", true},
    {"Output SQNR", "of the output against the float network", true},
    {"Output shape", "", false},
    {"MACs", "multiply-adds of one run", true},
    {"Weights", "number of weights", true},
    {"Stored", "bytes of the weights as stored", true},
    {"Range", "where the input's range comes from", false},
    {"Scales", "granularity of the weight scales", false},
    {"One scale", "weight error with one scale per output channel", true},
};

std::string number_cell(double key, const std::string& tip, const std::string& text, const char* extra = "") {
  return fmt::format("<td class=\"num{}\" data-v=\"{}\" title=\"{}\">{}</td>", extra,
                     std::isfinite(key) ? fmt::format("{}", key) : "1e400", tip, text);
}

std::string text_cell(const std::string& text, size_t limit) {
  const std::string whole = escape(shortened(text, 300));
  const std::string shown = escape(shortened(text, limit));
  return shown == whole ? fmt::format("<td>{}</td>", shown) : fmt::format("<td title=\"{}\">{}</td>", whole, shown);
}

std::string sqnr_cell(const std::optional<double>& db) {
  return db ? number_cell(*db, exact(*db) + " dB", decibel(*db))
            : std::string("<td class=\"num muted\" data-v=\"\">\xE2\x80\x93</td>");
}

std::string tags(const LayerReport& layer, bool misses) {
  std::string out = layer.integer ? "integer" : "float";
  out += misses ? " above" : "";
  out += layer.plain_weight_error != layer.weight_error ? " finer" : "";
  out += layer.mend.empty() ? "" : " mend";
  return out;
}

std::string row(const LayerReport& layer, size_t index, bool misses) {
  std::string out =
      fmt::format("<tr data-tags=\"{}\"><td class=\"num muted\" data-v=\"{}\">{}</td><th scope=\"row\">{}</th>",
                  tags(layer, misses), index, index + 1, name_tag(layer.name, 40));
  out += text_cell(layer.op, 20) + text_cell(layer.weight_type, 8) + text_cell(layer.act_type, 8);
  out += number_cell(layer.weight_error, exact(layer.weight_error), percent(layer.weight_error), misses ? " bad" : "");
  out += sqnr_cell(layer.input_sqnr_db) + sqnr_cell(layer.output_sqnr_db) + text_cell(layer.output_shape, 24);
  out += layer.macs > 0
             ? number_cell(static_cast<double>(layer.macs), grouped(layer.macs), scaled(layer.macs))
             : std::string("<td class=\"num muted\" data-v=\"\" title=\"shapes are not known\">\xE2\x80\x93</td>");
  out += number_cell(static_cast<double>(layer.weights), grouped(layer.weights), scaled(layer.weights));
  out +=
      number_cell(static_cast<double>(layer.stored_bytes), exact_bytes(layer.stored_bytes), bytes(layer.stored_bytes));
  out += text_cell(layer.range, 16) + text_cell(layer.granularity, 20);
  return out +
         number_cell(layer.plain_weight_error, exact(layer.plain_weight_error), percent(layer.plain_weight_error),
                     " muted") +
         "</tr>";
}

}  // namespace

std::string layer_table(const Report& report) {
  if (report.layers.empty()) {
    return empty_note("The model has no layer with weights (convolution, linear).");
  }
  std::string head;
  for (const Column& column : kColumns) {
    head += fmt::format("<th scope=\"col\"{}{}><button type=\"button\" class=\"sort\" title=\"{}\">{}</button></th>",
                        column.numeric ? " class=\"num\"" : "", column.numeric ? " data-numeric" : "",
                        escape(column.tip), escape(column.title));
  }
  std::string body;
  for (size_t i = 0; i < report.layers.size(); ++i) {
    body += row(report.layers[i], i, misses_limit(report, report.layers[i]));
  }
  return fmt::format(
      "<div class=\"tools\" hidden><label>Search <input type=\"search\" id=\"search\" placeholder=\"name, operator, "
      "type\" autocomplete=\"off\"></label>"
      "<label>Show <select id=\"filter\"><option value=\"\">all layers</option><option value=\"integer\">in "
      "integers</option><option value=\"float\">in float</option>"
      "<option value=\"above\">above the weight limit</option><option value=\"finer\">with finer "
      "scales</option><option value=\"mend\">with a remedy</option></select></label>"
      "<output id=\"shown\" for=\"search filter\">{0} of {0} layers</output></div>"
      "<div class=\"scroll tall\" tabindex=\"0\" role=\"region\" aria-label=\"Layers\"><table "
      "id=\"layer-table\"><thead><tr>{1}</tr></thead><tbody>{2}</tbody></table></div>"
      "<p class=\"muted\">A heading sorts; a cell shows its exact figure when it is pointed at or reached with the "
      "arrow keys.</p>",
      report.layers.size(), head, body);
}

}  // namespace dsq::page
