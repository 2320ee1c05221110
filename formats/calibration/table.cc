#include "formats/calibration/table.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <nlohmann/json.hpp>

#include "src/support/hash.h"

namespace dsq::calibration_table {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kVersion = 1;
constexpr const char* kMagic = "dsquant-calibration";
constexpr const char* kHash = "sha256";  // of the document with this field empty

std::string written(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string hash_of(Json json) {
  json[kHash] = "";
  const std::string text = written(json);
  return hex(sha256(std::as_bytes(std::span(text))));
}

Json json_of(const ValueStats& stats) {
  Json channels = Json::array();
  for (const ChannelStats& channel : stats.channels) {
    channels.push_back({channel.low, channel.high, channel.exponent, channel.first, channel.bins});
  }
  return channels;
}

// Reads members of the document; the first one that is wrong is kept.
class Reader {
 public:
  explicit Reader(const Json& json) : json_(json) {}

  std::string text(const char* key) {
    const Json* member = find(json_, key);
    return member != nullptr && expect(member->is_string(), key) ? member->get<std::string>() : std::string();
  }
  int64_t number(const Json& object, const char* key) {
    const Json* member = find(object, key);
    return member != nullptr ? number(*member, key, 0, INT64_MAX) : 0;
  }
  int64_t number(const Json& value, const char* key, int64_t low, int64_t high) {
    const bool whole = value.is_number_integer() && !(value.is_number_unsigned() && value.get<uint64_t>() > INT64_MAX);
    return expect(whole && value.get<int64_t>() >= low && value.get<int64_t>() <= high, key) ? value.get<int64_t>() : 0;
  }
  const Json& list(const Json& object, const char* key) {
    const Json* member = find(object, key);
    return member != nullptr && expect(member->is_array(), key) ? *member : none_;
  }
  bool expect(bool good, const char* key) {
    wrong_ = wrong_.empty() && !good ? key : wrong_;
    return good;
  }
  const std::string& wrong() const { return wrong_; }
  const Json& json() const { return json_; }

 private:
  const Json* find(const Json& object, const char* key) {
    const bool there = object.is_object() && object.contains(key);
    expect(there, key);
    return there ? &object[key] : nullptr;
  }
  const Json none_ = Json::array();
  const Json& json_;
  std::string wrong_;
};

float float_of(Reader& reader, const Json& json) {
  const bool good =
      json.is_number() && static_cast<double>(static_cast<float>(json.get<double>())) == json.get<double>();
  return reader.expect(good, "channels") ? json.get<float>() : 0.0F;
}

ChannelStats channel_of(Reader& reader, const Json& json, int64_t count) {
  ChannelStats channel;
  const bool shaped = json.is_array() && json.size() == 5 && json[4].is_array() && json[4].size() <= kStatsBins;
  if (!reader.expect(shaped, "channels")) {
    return channel;
  }
  channel.low = float_of(reader, json[0]);
  channel.high = float_of(reader, json[1]);
  channel.exponent = static_cast<int32_t>(reader.number(json[2], "channels", INT8_MIN, INT8_MAX));
  channel.first = static_cast<int32_t>(reader.number(json[3], "channels", INT32_MIN, INT32_MAX));
  int64_t left = count;
  for (const Json& bin : json[4]) {
    const int64_t seen = reader.number(bin, "channels", 0, left);
    channel.bins.push_back(static_cast<uint64_t>(seen));
    left -= seen;
  }
  reader.expect(left == 0 && is_sound(channel), "channels");
  return channel;
}

void read_values(Reader& reader, Table& table) {
  for (const Json& json : reader.list(reader.json(), "values")) {
    if (!reader.expect(json.is_object() && json.contains("name") && json["name"].is_string() && json.contains("axis"),
                       "values")) {
      return;
    }
    ValueStats stats;
    stats.axis = static_cast<int32_t>(reader.number(json["axis"], "axis", -1, 63));
    stats.count = reader.number(json, "count");
    for (const Json& channel : reader.list(json, "channels")) {
      if (!reader.wrong().empty()) {
        return;
      }
      stats.channels.push_back(channel_of(reader, channel, stats.count));
    }
    const std::pair key(json["name"].get<std::string>(), stats.axis);
    reader.expect(table.values.emplace(key, std::move(stats)).second, "values");
  }
}

void read_lists(Reader& reader, Table& table) {
  for (const Json& name : reader.list(reader.json(), "kernels")) {
    table.kernels.push_back(reader.expect(name.is_string(), "kernels") ? name.get<std::string>() : "");
  }
  table.parts.clear();
  for (const Json& part : reader.list(reader.json(), "parts")) {
    table.parts.push_back(reader.number(part, "parts", 1, table.shards));
  }
  for (const Json& sample : reader.list(reader.json(), "samples")) {
    const std::string digits = reader.expect(sample.is_string(), "samples") ? sample.get<std::string>() : "";
    uint64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    reader.expect(digits.size() == 16 && error == std::errc() && end == digits.data() + digits.size(), "samples");
    table.samples.push_back(value);
  }
  const auto rising = [](const auto& list) {
    return std::ranges::adjacent_find(list, std::greater_equal()) == list.end();
  };
  reader.expect(rising(table.kernels), "kernels");
  reader.expect(!table.parts.empty() && rising(table.parts), "parts");
  reader.expect(std::ranges::is_sorted(table.samples), "samples");
}

}  // namespace

std::string to_json(const Table& table) {
  Json json = {{kMagic, kVersion},         {kHash, ""},
               {"graph", table.graph},     {"data", table.data},
               {"draw", table.draw},       {"preprocess", table.preprocess},
               {"kernels", table.kernels}, {"shards", table.shards},
               {"parts", table.parts},     {"samples", Json::array()},
               {"values", Json::array()}};
  for (const uint64_t sample : table.samples) {
    json["samples"].push_back(fmt::format("{:016x}", sample));
  }
  for (const auto& [key, stats] : table.values) {
    json["values"].push_back(
        {{"name", key.first}, {"axis", stats.axis}, {"count", stats.count}, {"channels", json_of(stats)}});
  }
  json[kHash] = hash_of(json);
  return written(json) + "\n";
}

Result<Table> parse(std::string_view text) {
  constexpr int kDeepest = 8;  // what is deeper goes, and then the hash does not match
  const Json json = Json::parse(
      text, [](int depth, Json::parse_event_t, const Json&) { return depth <= kDeepest; }, false);
  if (!json.is_object() || !json.contains(kMagic)) {
    return fail(Code::calibration_invalid, "it is no calibration table, or it ends early");
  }
  if (json[kMagic] != kVersion) {
    return fail(Code::calibration_invalid, "it is of version {}, this dsquant reads {}", written(json[kMagic]),
                kVersion);
  }
  if (!json.contains(kHash) || json[kHash] != hash_of(json)) {
    return fail(Code::calibration_invalid, "its contents do not match its hash");
  }
  Reader reader(json);
  Table table;
  table.graph = reader.text("graph");
  table.data = reader.text("data");
  table.draw = reader.text("draw");
  table.preprocess = reader.text("preprocess");
  table.shards = reader.number(json, "shards");
  read_lists(reader, table);
  read_values(reader, table);
  if (!reader.wrong().empty()) {
    return fail(Code::calibration_invalid, "'{}' is not what dsquant writes there", reader.wrong());
  }
  return table;
}

}  // namespace dsq::calibration_table
