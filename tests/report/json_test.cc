// The JSON form: round trip, what is not finite, refusals that name the place.
#include "formats/report/json.h"

#include <cmath>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/report/sample_report.h"

namespace dsq {
namespace {

using Json = nlohmann::ordered_json;

TEST(ReportJson, RoundTrip) {
  for (const Report& report : {sample::full(60), sample::bare(5), Report{}}) {
    const std::string text = to_json(report);
    const Result<Report> back = from_json(text);
    ASSERT_TRUE(back.has_value()) << back.error().what;
    EXPECT_EQ(to_json(*back), text);
  }
  const Result<Report> back = from_json(to_json(sample::full(60)));
  const Report report = sample::full(60);
  EXPECT_EQ(back->layers[7].plain_weight_error, report.layers[7].plain_weight_error);
  EXPECT_EQ(back->outputs[0].points, report.outputs[0].points);
  EXPECT_EQ(back->memory->blocks[3].offset, report.memory->blocks[3].offset);
  EXPECT_EQ(back->diagnostics[0].code, Code::gate_failed);
  EXPECT_EQ(back->seconds, report.seconds);
  EXPECT_FALSE(from_json(to_json(sample::bare(5)))->memory.has_value());
}

TEST(ReportJson, EmptyOptionalsAreLeftOut) {
  const Json json = Json::parse(to_json(sample::bare(5)));
  EXPECT_FALSE(json.contains("accuracy"));
  EXPECT_FALSE(json.contains("memory"));
  EXPECT_FALSE(json["layers"][0].contains("output_sqnr_db"));
}

TEST(ReportJson, NotFiniteIsNullAndTextIsUtf8) {
  const std::string text = to_json(sample::hostile());
  const Json json = Json::parse(text);
  EXPECT_TRUE(json["layers"][3]["weight_error"].is_null());
  EXPECT_TRUE(json["layers"][6]["output_sqnr_db"].is_null());
  EXPECT_NE(json["verdict"]["headline"].get<std::string>().find("\xEF\xBF\xBD"), std::string::npos);
  const Result<Report> back = from_json(text);
  ASSERT_TRUE(back.has_value()) << back.error().what;
  EXPECT_TRUE(std::isnan(back->layers[4].weight_error));
  EXPECT_TRUE(back->layers[6].output_sqnr_db.has_value());
  EXPECT_TRUE(std::isnan(*back->layers[6].output_sqnr_db));
  EXPECT_EQ(to_json(*back), text);
}

TEST(ReportJson, RefusalsNameThePlace) {
  const auto refused = [](const std::string& text) {
    const Result<Report> report = from_json(text);
    EXPECT_FALSE(report.has_value());
    EXPECT_EQ(report ? Code::internal : report.error().code, Code::report_invalid);
    return report ? std::string() : report.error().what;
  };
  refused("");
  refused("[]");
  refused("{\"schema\":\"other\"}");
  Json json = Json::parse(to_json(sample::full(4)));
  const auto with = [&](const std::string& pointer, const Json& value) {
    Json changed = json;
    changed[Json::json_pointer(pointer)] = value;
    return refused(changed.dump());
  };
  EXPECT_NE(with("/version", 2).find("version 2"), std::string::npos);
  EXPECT_NE(with("/version", "1").find("/version"), std::string::npos);
  EXPECT_EQ(with("/layers/2/macs", 1.5), "/layers/2/macs is not an integer in range");
  EXPECT_EQ(with("/layers/2/macs", 18446744073709551615ULL), "/layers/2/macs is not an integer in range");
  EXPECT_EQ(with("/memory/blocks/0/first", 3000000000), "/memory/blocks/0/first is not an integer in range");
  EXPECT_EQ(with("/layers/2/weight_error", "x"), "/layers/2/weight_error is not a number or null");
  EXPECT_EQ(with("/outputs/0/points/5", Json::array({1})), "/outputs/0/points/5 is not a pair");
  EXPECT_EQ(with("/diagnostics/0/code", "E999"), "/diagnostics/0/code is not a code of dsquant such as \"E105\"");
  EXPECT_EQ(with("/verdict", 3), "/verdict is not an object");
  json["layers"][1].erase("op");
  EXPECT_EQ(refused(json.dump()), "/layers/1/op is missing");
}

}  // namespace
}  // namespace dsq
