// A pass that fails leaves a text that fails in the same way.
#include "src/toolchain/replay.h"

#include <array>
#include <filesystem>
#include <fstream>

#include <unistd.h>

#include <gtest/gtest.h>

#include "passes/pass_text.h"
#include "src/ir/parse.h"

namespace dsq {
namespace {

constexpr std::string_view kText =
    "graph \"g\" stage=float (%x: f32[2]) -> (%y) {\n"
    "  %w = const f32[20] rand(seed=3)\n"
    "  %e = relu(%w) : f32[20]\n"
    "  %y = relu(%x) : f32[2]\n}\n";

Result<bool> lies(Graph&, PassContext& context) {
  return fail(Code::internal, "{} ranges at {}", context.stats == nullptr ? 0 : context.stats->values.size(),
              name_of(context.recipe.act));
}
constexpr auto kTable = std::to_array<PassDef>({{"lies", "", Stage::floating, Stage::floating, lies}});

std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path);
  return std::string((std::istreambuf_iterator<char>(file)), {});
}

Error error_of(Graph graph, std::string_view passes, const Recipe& recipe, const CalibrationTable* stats,
               const PipelineOptions& options) {
  Diagnostics diagnostics;
  PassContext context{recipe, stats, diagnostics};
  const Result<PassText> parsed = PassText::parse(passes, kTable);
  const Result<std::vector<PassRecord>> done = run_passes(graph, parsed->groups(), context, options, kTable);
  return done ? Error{Code::not_applicable, {}, {}, {}} : done.error();
}

class ReplayTest : public ::testing::Test {
 protected:
  ReplayTest() { std::filesystem::create_directories(folder_); }
  ~ReplayTest() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("dsq_replay_test_" + std::to_string(::getpid()));
};

ChannelStats seen(const std::vector<float>& values) {
  ChannelStats stats;
  for (const float value : values) {
    widen(stats, value, value);
    count_value(stats, value, UINT64_MAX / 8);
  }
  return stats;
}

TEST_F(ReplayTest, AFailureComesBackFromItsText) {
  Recipe recipe;
  recipe.act = Precision::int8;
  recipe.keep.push_back({"it's *", Precision::fp16});
  recipe.calibrated = true;
  recipe.max_weight_error = 0.1;
  CalibrationTable stats;
  stats.values["a 100%name"] = {1, 640, {seen({-0.1F, 3.3333333F, 1}), {}, seen({0})}};
  stats.values["b"] = {-1, 7, {seen({-1e-30F, 1e30F, 5})}};
  const std::filesystem::path path = folder_ / "model.repro.dsir";
  const Error first = error_of(*parse(kText), "lies", recipe, &stats, reproducing(path));
  EXPECT_EQ(first.what, "pass lies: 2 ranges at int8");
  EXPECT_NE(first.next.find(path.string()), std::string::npos) << first.next;

  const Result<Replay> replay = parse_replay(read_text(path));
  ASSERT_TRUE(replay) << replay.error().what;
  EXPECT_EQ(replay->passes, "lies");
  ASSERT_TRUE(replay->recipe && replay->stats);
  EXPECT_EQ(*replay->recipe, recipe);
  EXPECT_TRUE(replay->graph == *parse(kText));
  ASSERT_EQ(replay->stats->values.size(), 2U);
  EXPECT_EQ(replay->stats->values, stats.values);
  EXPECT_EQ(error_of(replay->graph, replay->passes, *replay->recipe, &*replay->stats, {}).what, first.what);
}

TEST_F(ReplayTest, WhereNothingCanBeWrittenTheErrorSaysSo) {
  const Error error = error_of(*parse(kText), "lies", {}, nullptr, reproducing(folder_ / "no" / "a.repro.dsir"));
  EXPECT_EQ(error.code, Code::internal);
  EXPECT_NE(error.next.find("could not be written"), std::string::npos) << error.next;
}

TEST_F(ReplayTest, RefusesStatisticsThatEndEarly) {
  for (const std::string_view line :
       {"1 640 %x", "1 640 2 1 1 -22 8388608 1 %x", "1 640 1 0 1 0 0 9999 1 %x", "1 640 1 1 1 -21 4194304 1 640 %x",
        "1 640 1 1 0 0 0 1 640 %x", "1 640 1 1 1 -23 8388608 1 0 %x", "1 640 999999999 %x", "1 640 -1 %x", "a %x",
        "1 640 0"}) {
    const Result<Replay> replay = parse_replay(fmt::format("// stats: {}\n{}", line, kText));
    ASSERT_FALSE(replay) << line;
    EXPECT_EQ(replay.error().code, Code::text_syntax);
  }
}

}  // namespace
}  // namespace dsq
