// Text for the HTML page: escaping, and numbers as people read them. Everything that comes from a model passes escape().
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace dsq::page {

// Valid UTF-8 without control characters and without direction overrides; each of those becomes U+FFFD.
std::string clean(std::string_view text);
// clean(), and safe as element text and between double or single quotes of an attribute.
std::string escape(std::string_view text);
// At most `limit` characters; the middle gives way ("/layer3/lay…/conv2/Conv"), since both ends tell names apart.
std::string shortened(std::string_view text, size_t limit);
// With a capital and a full stop: causes and reasons are phrases.
std::string sentence(std::string_view phrase, size_t limit = 400);
// At most `limit` characters of prose; the end gives way.
std::string clipped(std::string_view text, size_t limit);
// A name from the model: shortened, with the full one in the tooltip.
std::string name_tag(std::string_view name, size_t limit = 64);

// Three significant digits at most, never an exponent within [1e-4, 1e6): "0.98", "12.3", "1234". "not finite" for NaN
// and infinity.
std::string figure(double value, int digits = 3);
std::string percent(double share, int digits = 3);         // 0.0098 -> "0.98 %"
std::string decibel(double db);                            // one decimal; at the cap (metrics.h): "no error"
std::string grouped(int64_t value);                        // "11 534 336"
std::string scaled(int64_t value);                         // "1.82 G", powers of 1000
std::string bytes(int64_t value);                          // "10.9 MB"
std::string plain(double value);                           // of a round number, on axes and limits: "1", "0.5", "200"
std::string exact(double value);                           // the shortest text that reads back as the same number
std::string exact_bytes(int64_t value);                    // "11 534 336 bytes"
std::string plural(int64_t count, std::string_view noun);  // "1 layer", "3 layers"

// A table that scrolls within the page: `head` of column()s, rows of cells. `label` is ours.
std::string plain_table(const std::string& label, const std::string& head, const std::string& rows);
std::string column(const char* name, bool number = true);
// With the exact figure in the tooltip.
std::string number_cell(const std::string& text, double exactly);

}  // namespace dsq::page
