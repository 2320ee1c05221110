// What stayed in float, what the passes said, and where everything came from.
#include <algorithm>

#include <fmt/format.h>

#include "formats/report/markup.h"
#include "formats/report/sections.h"

namespace dsq::page {
namespace {

constexpr size_t kOpenNodes = 6;  // more than these hide behind a fold
constexpr size_t kOpenNotes = 8;
constexpr size_t kListed = 200;  // more than these are in the JSON alone

std::string rest_note(size_t count) {
  return count <= kListed
             ? std::string()
             : fmt::format("<li class=\"muted\">and {} more, in the .report.json file</li>", count - kListed);
}

std::string node_list(const std::vector<std::string>& nodes) {
  std::string out = "<ul class=\"nodes\">";
  for (size_t i = 0; i < std::min(kListed, nodes.size()); ++i) {
    out += fmt::format("<li>{}</li>", name_tag(nodes[i]));
  }
  out += rest_note(nodes.size()) + "</ul>";
  return nodes.size() <= kOpenNodes ? out
                                    : fmt::format("<details><summary>Show all {}</summary>{}</details>",
                                                  plural(static_cast<int64_t>(nodes.size()), "node"), out);
}

std::string diagnostic_list(const std::vector<const Diagnostic*>& items) {
  std::string out = "<ul class=\"log\">";
  for (size_t i = 0; i < std::min(kListed, items.size()); ++i) {
    const Diagnostic* item = items[i];
    const bool warning = item->severity == Severity::warning;
    out += fmt::format(
        "<li><span class=\"badge {}\">{}</span><div><span class=\"text\">{}</span><span "
        "class=\"meta\">{}{}{}{}</span></div></li>",
        warning ? "warn" : "plain", warning ? "warning" : "note", escape(sentence(item->text, 600)),
        item->where.empty() ? std::string() : fmt::format("{} \xC2\xB7 ", name_tag(item->where)), code_name(item->code),
        item->pass.empty() ? "" : " \xC2\xB7 ", escape(shortened(item->pass, 60)));
  }
  return out + rest_note(items.size()) + "</ul>";
}

std::string fact(const std::string& label, const std::string& value) {
  return value.empty() ? std::string() : fmt::format("<dt>{}</dt><dd>{}</dd>", label, value);
}

std::string hash(const std::string& digest) {
  return digest.empty() ? std::string()
                        : fmt::format(
                              "<span class=\"mend\"><code class=\"hash\">{}</code><button type=\"button\" "
                              "class=\"copy\" hidden>Copy</button></span>",
                              escape(shortened(digest, 200)));
}

}  // namespace

std::string floats(const Report& report) {
  if (report.floats.empty()) {
    return empty_note("Nothing: every operator runs in integers.");
  }
  std::string out = "<div class=\"groups\">";
  for (const FloatPart& part : report.floats) {
    out += fmt::format("<div class=\"group\"><h3>{} <span class=\"count\">{}</span></h3><p>{}</p>{}</div>",
                       escape(shortened(part.op, 60)), plural(static_cast<int64_t>(part.nodes.size()), "node"),
                       escape(sentence(part.reason)), node_list(part.nodes));
  }
  return out + "</div>";
}

std::string diagnostics(const Report& report) {
  std::vector<const Diagnostic*> warnings;
  std::vector<const Diagnostic*> notes;
  for (const Diagnostic& item : report.diagnostics) {
    (item.severity == Severity::warning ? warnings : notes).push_back(&item);
  }
  if (report.diagnostics.empty()) {
    return empty_note("No warnings and no notes.");
  }
  std::string out = warnings.empty() ? empty_note("No warnings.") : diagnostic_list(warnings);
  if (notes.size() > kOpenNotes) {
    out += fmt::format("<details><summary>Show {}</summary>{}</details>",
                       plural(static_cast<int64_t>(notes.size()), "note"), diagnostic_list(notes));
  } else if (!notes.empty()) {
    out += diagnostic_list(notes);
  }
  return out;
}

std::string provenance(const Report& report) {
  std::string out = "<dl class=\"facts\">";
  out += fact("dsquant", escape(shortened(report.tool_version, 60)));
  out +=
      fact("Options", report.command.empty() ? std::string()
                                             : fmt::format("<code>{}</code>", escape(shortened(report.command, 600))));
  out += fact("Model", fmt::format("{} <span class=\"muted\" title=\"{}\">{}</span>", name_tag(report.model_name),
                                   exact_bytes(report.float_file_bytes), bytes(report.float_file_bytes)));
  out += fact("Exported by", fmt::format("{}{}",
                                         report.producer.empty() ? std::string("unknown producer")
                                                                 : escape(shortened(report.producer, 120)),
                                         report.opset > 0 ? fmt::format(", opset {}", report.opset) : std::string()));
  out += fact("Model SHA-256", hash(report.model_sha256));
  out += fact("Quantized SHA-256", hash(report.artefact_sha256));
  out += fact("Data SHA-256", report.data_sha256.empty() ? std::string("<span class=\"muted\">no data was given</span>")
                                                         : hash(report.data_sha256));
  std::string times;
  for (const std::pair<std::string, double>& phase : report.seconds) {
    times += fmt::format("<li><span>{}</span><span class=\"num\" title=\"{} s\">{} s</span></li>",
                         escape(shortened(phase.first, 60)), exact(phase.second), figure(phase.second, 2));
  }
  out += fact("Time", times.empty() ? times : fmt::format("<ul class=\"times\">{}</ul>", times));
  return out + "</dl>";
}

}  // namespace dsq::page
