// The page's structure, its escaping and number formats, and the terminal summary.
#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "formats/report/charts.h"
#include "formats/report/html.h"
#include "formats/report/markup.h"
#include "formats/report/select.h"
#include "formats/report/text.h"
#include "src/support/strings.h"
#include "tests/report/sample_report.h"

namespace dsq {
namespace {

size_t times(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

TEST(Markup, Escape) {
  EXPECT_EQ(page::escape("<a href='x'>&\"</a>"), "&lt;a href=&#39;x&#39;&gt;&amp;&quot;&lt;/a&gt;");
  EXPECT_EQ(page::clean("a\x1b[31m\x7f\xC2\x85"), "a\xEF\xBF\xBD[31m\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(page::clean("\xE5\xB1\x82\xF0\x9F\x98\x80"), "\xE5\xB1\x82\xF0\x9F\x98\x80");
  EXPECT_EQ(page::clean("\xE2\x80\xAEx"), "\xEF\xBF\xBDx");                // right-to-left override
  EXPECT_EQ(page::clean("\xC0\xAF"), "\xEF\xBF\xBD\xEF\xBF\xBD");          // overlong
  EXPECT_EQ(page::clean("\xED\xA0\x80").find('\xED'), std::string::npos);  // surrogate
  EXPECT_EQ(page::clean("\xE5\xB1"), "\xEF\xBF\xBD\xEF\xBF\xBD");          // cut short
  EXPECT_EQ(page::shortened("abcdefghij", 10), "abcdefghij");
  EXPECT_EQ(page::shortened("abcdefghijk", 10),
            "abc\xE2\x80\xA6"
            "fghijk");
  EXPECT_EQ(page::shortened("\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9", 4), "\xC3\xA9\xE2\x80\xA6\xC3\xA9\xC3\xA9");
}

TEST(Markup, Numbers) {
  const std::string thin = "\xE2\x80\xAF";
  EXPECT_EQ(page::figure(0.98765), "0.988");
  EXPECT_EQ(page::figure(12.345), "12.3");
  EXPECT_EQ(page::figure(9.996), "10.0");
  EXPECT_EQ(page::figure(0.99996), "1.00");
  EXPECT_EQ(page::figure(0.5), "0.5");
  EXPECT_EQ(page::figure(1234.5), "1234");
  EXPECT_EQ(page::figure(-0.59, 2),
            "\xE2\x88\x92"
            "0.59");
  EXPECT_EQ(page::figure(0), "0");
  EXPECT_EQ(page::figure(3e-7), "3e-07");
  EXPECT_EQ(page::figure(NAN), "not finite");
  EXPECT_EQ(page::percent(0.0098), "0.98" + thin + "%");
  EXPECT_EQ(page::percent(0.999999), "100" + thin + "%");
  EXPECT_EQ(page::decibel(19.347), "19.3" + thin + "dB");
  EXPECT_EQ(page::decibel(200), "no error");
  EXPECT_EQ(page::grouped(11534336), "11" + thin + "534" + thin + "336");
  EXPECT_EQ(page::grouped(-1234),
            "\xE2\x88\x92"
            "1" +
                thin + "234");
  EXPECT_EQ(page::grouped(123), "123");
  EXPECT_EQ(page::scaled(115605504), "116" + thin + "M");
  EXPECT_EQ(page::bytes(999), "999" + thin + "B");
  EXPECT_EQ(page::bytes(1078784), "1.08" + thin + "MB");
  EXPECT_EQ(page::bytes(999999), "1.00" + thin + "MB");
  EXPECT_EQ(page::exact(0.1), "0.1");
  EXPECT_EQ(page::sentence("the input has a tail"), "The input has a tail.");
  EXPECT_EQ(page::sentence("the input has a tail", 10), "The input\xE2\x80\xA6");
}

TEST(Charts, Ticks) {
  EXPECT_EQ(page::ticks(0, 1, 4), (std::vector<double>{0, 0.5, 1}));
  EXPECT_EQ(page::ticks(-9.5, 9.5, 4), (std::vector<double>{-5, 0, 5}));
  EXPECT_EQ(page::ticks(2, 2, 4), (std::vector<double>{2}));
}

TEST(Charts, BarsAreSortedAndUnboundedValuesComeFirst) {
  std::vector<page::Bar> bars(4);
  const double values[] = {0.1, 0.3, NAN, 0.2};
  for (size_t i = 0; i < 4; ++i) {
    bars[i].value = values[i];
  }
  page::sort_bars(bars);
  EXPECT_TRUE(std::isnan(bars[0].value));
  EXPECT_EQ(bars[1].value, 0.3);
  EXPECT_EQ(bars[3].value, 0.1);
}

TEST(Page, EveryPartOfAFullReportIsThere) {
  const std::string html = to_html(sample::full(60));
  EXPECT_LT(html.find("1 of 3 gates failed"), html.find("id=\"size\""));  // verdict first
  EXPECT_EQ(times(html, "<section "), 11U);
  EXPECT_EQ(times(html, "class=\"chart overview\""), 3U);
  EXPECT_EQ(times(html, "class=\"chart scatter\""), 2U);
  EXPECT_EQ(times(html, "class=\"chart plan\""), 1U);
  EXPECT_EQ(times(html, "class=\"chart hull\""), 1U);
  EXPECT_EQ(times(html, "class=\"dot tried\""), 1U);
  EXPECT_EQ(times(html, "class=\"dot chosen\""), 1U);
  EXPECT_EQ(times(html, "<tr data-tags="), 60U);
  EXPECT_EQ(times(html, "class=\"card\""), 5U);
  EXPECT_EQ(times(html, "class=\"dot\""), 914U);
  EXPECT_NE(html.find("--keep &#39;/layer4/"), std::string::npos);
}

TEST(Page, NothingIsLoadedAndTheSizeIsBounded) {
  const std::string html = to_html(sample::full(300));
  EXPECT_LE(html.size(), 1500000U);
  for (const char* part : {"http:", "https:", "url(", "@import", " src=", "<link", "<iframe"}) {
    EXPECT_EQ(html.find(part), std::string::npos) << part;
  }
}

TEST(Page, LongListsAreCut) {
  Report report = sample::full(12);
  report.floats[1].nodes.assign(5000, "node");
  report.diagnostics.resize(5000);
  const std::string html = to_html(report);
  EXPECT_EQ(times(html, "and 4800 more, in the .report.json file"), 1U);  // nodes
  EXPECT_EQ(times(html, "and 4799 more, in the .report.json file"), 1U);  // notes; the warning stands alone
  EXPECT_LE(html.size(), 400000U);
}

TEST(Page, EmptyPartsSayWhy) {
  const std::string html = to_html(sample::bare(8));
  EXPECT_EQ(times(html, "class=\"chart overview\""), 1U);
  EXPECT_GE(times(html, "<code>--data x.npz</code>"), 4U);
  EXPECT_NE(html.find("<code>--shape NAME=1,3,224,224</code>"), std::string::npos);
  EXPECT_NE(html.find("no data was given"), std::string::npos);
  EXPECT_NE(to_html(Report{}).find("no layer with weights"), std::string::npos);
}

TEST(Page, HostileTextStaysText) {
  const std::string html = to_html(sample::hostile());
  EXPECT_EQ(times(html, "<script"), 1U);
  EXPECT_EQ(times(html, "<img"), 0U);
  EXPECT_EQ(times(html, "</script"), 1U);
  EXPECT_EQ(html.find('\x01'), std::string::npos);
  EXPECT_EQ(html.find('\x1b'), std::string::npos);
  EXPECT_EQ(html.find("\xE2\x80\xAE"), std::string::npos);
  EXPECT_EQ(page::clean(html), html);  // valid UTF-8 throughout
}

TEST(Select, WorstFirstAndOnlyWithSomethingToSay) {
  const Report report = sample::full(60);
  const std::vector<const LayerReport*> worst = worst_layers(report, 5);
  ASSERT_EQ(worst.size(), 5U);
  for (size_t i = 0; i < worst.size(); ++i) {
    EXPECT_FALSE(worst[i]->mend.empty());
    EXPECT_TRUE(i == 0 || own_noise_of(*worst[i - 1]) >= own_noise_of(*worst[i]));
  }
  EXPECT_DOUBLE_EQ(noise_of_db(20), 0.1);
  EXPECT_TRUE(worst_layers(Report{}, 5).empty());
}

TEST(Select, TheWeightLimitHoldsForInt8) {
  Report report;
  report.layers.resize(3);
  report.layers[0].weight_type = "i4";
  report.layers[0].weight_error = 0.06;
  report.layers[1].weight_type = "i8";
  report.layers[1].weight_error = 0.008;
  report.layers[2].weight_type = "i8";
  report.layers[2].weight_error = 0.012;
  EXPECT_EQ(worst_weights(report), &report.layers[2]);
  EXPECT_FALSE(misses_limit(report, report.layers[0]));
  EXPECT_FALSE(misses_limit(report, report.layers[1]));
  EXPECT_TRUE(misses_limit(report, report.layers[2]));
  report.layers[1].weight_error = NAN;
  EXPECT_TRUE(misses_limit(report, report.layers[1]));
  EXPECT_EQ(worst_weights(report), &report.layers[1]);
  report.layers.resize(1);
  EXPECT_FALSE(has_weight_limit(report));
  EXPECT_EQ(worst_weights(report), &report.layers[0]);
  EXPECT_NE(to_html(report).find("no limit: none is int8"), std::string::npos);
}

TEST(Summary, FitsTheTerminal) {
  for (const Report& report : {sample::full(60), sample::bare(8), sample::hostile(), Report{}}) {
    for (const int width : {80, 120, 40}) {
      const std::string text = summary_text(report, width);
      const std::vector<std::string> lines = split(text, '\n');
      EXPECT_LE(lines.size(), 26U) << text;  // the last is empty
      EXPECT_EQ(page::clean(text), text);
      for (const std::string& line : lines) {
        const int64_t characters = std::ranges::count_if(line, [](char c) { return (c & 0xC0) != 0x80; });
        const bool flag = line.starts_with("    ") &&
                          (line.find("--keep") != std::string::npos || line.find("script") != std::string::npos);
        EXPECT_TRUE(flag || characters <= width) << line;
      }
    }
  }
  const std::string text = summary_text(sample::full(60), 80);
  EXPECT_NE(text.find("FAILED     accuracy drop: 0.59 points (limit \xE2\x89\xA4 0.5 points)"), std::string::npos)
      << text;
  EXPECT_NE(text.find("Accuracy   93.4 % -> 92.8 % top-1 (-0.59 points, 512 samples)"), std::string::npos) << text;
  EXPECT_NE(text.find("    --keep '/layer4/layer4.19/conv1/Conv=int8'\n"), std::string::npos) << text;
  EXPECT_NE(summary_text(sample::bare(8), 80).find("Outputs    not compared; pass --data x.npz"), std::string::npos);
}

}  // namespace
}  // namespace dsq
