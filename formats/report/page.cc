// Puts the page together: head, sections, style and script (page.css and page.js, embedded by CMake).
#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "formats/report/assets.h"
#include "formats/report/html.h"
#include "formats/report/markup.h"
#include "formats/report/sections.h"
#include "src/support/hash.h"

namespace dsq {
namespace {

using page::escape;

struct Section {
  const char* id;
  const char* label;  // in the navigation
  const char* title;
  std::string (*body)(const Report&);
};

constexpr Section kSections[] = {
    {"loss", "Loss", "What is lost", page::losses},
    {"plan", "Plan", "Mixed precision", page::plans},
    {"size", "Size", "Size", page::sizes},
    {"error", "Error", "Error by layer", page::errors},
    {"worst", "Remedies", "What to mend first", page::worst},
    {"outputs", "Outputs", "Float against quantized", page::outputs},
    {"memory", "Memory", "Memory plan", page::memory},
    {"float", "Float", "What stayed in float", page::floats},
    {"layers", "Layers", "All layers", page::layer_table},
    {"notes", "Notes", "Warnings and notes", page::diagnostics},
    {"origin", "Origin", "Versions and hashes", page::provenance},
};

std::string base64(std::span<const uint8_t> bytes) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t have = std::min<size_t>(3, bytes.size() - i);
    const uint32_t group = bytes[i] << 16 | (have > 1 ? bytes[i + 1] << 8 : 0) | (have > 2 ? bytes[i + 2] : 0);
    for (size_t k = 0; k < 4; ++k) {
      out += k <= have ? kDigits[group >> (18 - 6 * k) & 63] : '=';
    }
  }
  return out;
}

// Nothing may be loaded, and no script but ours may run: a node name that got past escape() would still be inert.
std::string policy() {
  const Digest digest = sha256(std::as_bytes(std::span(page::kScript)));
  return fmt::format(
      "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
      base64(digest));
}

}  // namespace

std::string to_html(const Report& report) {
  const std::string title = page::shortened(report.model_name, 80);
  std::string nav;
  std::string body;
  for (const Section& section : kSections) {
    nav += fmt::format("<a href=\"#{}\">{}</a>", section.id, section.label);
    body += fmt::format("<section id=\"{0}\" aria-labelledby=\"h-{0}\"><h2 id=\"h-{0}\">{1}</h2>{2}</section>\n",
                        section.id, section.title, section.body(report));
  }
  std::string out = "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
  out += fmt::format("<meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n", policy());
  out +=
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" "
      "content=\"light dark\">\n";
  out += fmt::format("<title>{} \xC2\xB7 dsquant report</title>\n<style>{}</style>\n</head>\n<body>\n", escape(title),
                     page::kStyle);
  out += fmt::format(
      "<a class=\"skip\" href=\"#main\">Skip to the report</a>\n<header><div class=\"top\"><p class=\"kicker\">dsquant "
      "report</p>"
      "<button type=\"button\" id=\"theme\" hidden></button></div><h1 title=\"{}\">{}</h1>{}</header>\n",
      escape(page::shortened(report.model_name, 600)), escape(title), page::verdict(report));
  out += fmt::format("<nav aria-label=\"Sections\">{}</nav>\n<main id=\"main\">\n{}</main>\n", nav, body);
  out += fmt::format("<footer>Written by dsquant {}. This page holds everything it shows and loads nothing.</footer>\n",
                     escape(page::shortened(report.tool_version, 60)));
  return out + fmt::format("<div id=\"tip\" role=\"tooltip\" hidden></div>\n<script>{}</script>\n</body>\n</html>\n",
                           page::kScript);
}

}  // namespace dsq
