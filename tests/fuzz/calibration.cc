// Fuzz target: calibration tables. What can be read gives its own bytes again, and joins with itself; the hash is put right
// first, so that what stands behind it is reached.
#include <nlohmann/json.hpp>

#include "calibration/observer.h"
#include "formats/calibration/table.h"
#include "src/support/hash.h"
#include "tests/fuzz/exercise.h"

namespace {

using namespace dsq;  // NOLINT: a test program
using Json = nlohmann::ordered_json;

std::string with_hash(std::string_view text) {
  constexpr int kDeepest = 8;
  Json json = Json::parse(
      text, [](int depth, Json::parse_event_t, const Json&) { return depth <= kDeepest; }, false);
  if (!json.is_object()) {
    return std::string(text);
  }
  json["sha256"] = "";
  const std::string bare = json.dump();
  json["sha256"] = hex(sha256(std::as_bytes(std::span(bare))));
  return json.dump();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view given(reinterpret_cast<const char*>(data), size);
  if (const Result<calibration_table::Table> raw = calibration_table::parse(given); !raw) {
    fuzz::expect_refusal(raw.error());
  }
  Result<calibration_table::Table> table = calibration_table::parse(with_hash(given));
  if (!table) {
    fuzz::expect_refusal(table.error());
    return 0;
  }
  const std::string written = calibration_table::to_json(*table);
  const Result<calibration_table::Table> again = calibration_table::parse(written);
  if (!again || calibration_table::to_json(*again) != written) {
    fuzz::find("a table that was written is read differently");
  }
  for (const auto& [key, stats] : table->values) {
    ValueStats twice = stats;
    if (!merge(twice, stats)) {
      fuzz::find("a table does not join with itself");
    }
    for (const ChannelStats& channel : twice.channels) {
      if (!is_sound(channel)) {
        fuzz::find("what was joined is not sound");
      }
    }
  }
  return 0;
}
