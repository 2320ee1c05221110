// Runs every case of tests/passes/*.dsir, one gtest each (tests/harness/dsir_case.h says how they are written).
// DSQ_UPDATE=1 rewrites the expectations of cases that fail by structure; review the difference before committing it.
#include <algorithm>
#include <cstdlib>

#include <gtest/gtest.h>

#include "passes/passes.h"
#include "src/ir/compare.h"
#include "src/ir/parse.h"
#include "src/ir/print.h"
#include "src/ops/infer.h"
#include "src/ops/verify.h"
#include "src/support/strings.h"
#include "tests/harness/dsir_case.h"
#include "tests/harness/numeric.h"
#include "tests/harness/quant_case.h"

namespace dsq::testing {
namespace {

constexpr uint64_t kSeeds = 2;

bool mentions(const std::vector<Diagnostic>& items, const std::string& text) {
  return std::ranges::any_of(items, [&](const Diagnostic& item) {
    return item.text.find(text) != std::string::npos || item.where.find(text) != std::string::npos;
  });
}

std::string all_of(const std::vector<Diagnostic>& items) {
  std::string out;
  for (const Diagnostic& item : items) {
    out += fmt::format("\n  {}: {}", item.where, item.text);
  }
  return out.empty() ? "\n  nothing" : out;
}

class DsirTest : public ::testing::Test {
 public:
  DsirTest(const std::filesystem::path& path, const DsirCase& test) : path_(path), case_(test) {}

  void TestBody() override {
    Result<Graph> parsed = parse(case_.before);
    ASSERT_TRUE(parsed) << parsed.error().what;
    Graph before = std::move(*parsed);
    if (setting("pass", "") == "verify") {
      return check_verifier(before);
    }
    if (setting("types", "") != "as written") {
      const Result<KnownInts> inferred = infer_types(before);
      ASSERT_TRUE(inferred) << inferred.error().what << " " << inferred.error().where;
      const Result<void> valid = verify(before);
      ASSERT_TRUE(valid) << "before: " << valid.error().what << " " << valid.error().where;
    }
    Graph after = before;
    Diagnostics diag;
    const Result<bool> changed = run(after, diag);
    if (case_.expect == Expect::error) {
      ASSERT_FALSE(changed) << "expected " << case_.error_code;
      return expect_error(changed.error());
    }
    ASSERT_TRUE(changed) << changed.error().what << " " << changed.error().where;
    EXPECT_EQ(*changed, case_.expect == Expect::changed) << print(after) << all_of(diag.items());
    for (const std::string& note : case_.notes) {
      EXPECT_TRUE(mentions(diag.items(), note)) << "expected the note '" << note << "', got" << all_of(diag.items());
    }
    check_text(before);
    Graph staged = before;
    staged.stage = after.stage;  // passes that change nothing move on too
    EXPECT_EQ(structural_hash(staged) != structural_hash(after), *changed);
    check_text(after);
    check_interface(before, after);
    check_repeatable(before, after);
    check_numbers(before, after);
    if (case_.expect == Expect::changed) {
      check_expectation(after);
    }
  }

 private:
  std::string setting(const std::string& key, const std::string& otherwise) const {
    const auto found = case_.settings.find(key);
    return found == case_.settings.end() ? otherwise : found->second;
  }

  // The pipeline checks stage, `changed`, types and verifier itself.
  Result<bool> run(Graph& graph, Diagnostics& diag) {
    const Recipe recipe = DSQ_TRY(read_recipe(setting("recipe", "")));
    const bool observed = setting("stats", "") == "observed";
    CalibrationTable stats = DSQ_TRY(read_stats(observed ? "" : setting("stats", "")));
    PassContext context{recipe, &stats, diag};
    const std::string name = setting("pipeline", setting("pass", ""));
    std::vector<PassRecord> records;
    for (const std::string& each : split(name, ',')) {
      if (graph.stage == Stage::quantized) {
        quantized_ = graph;
      }
      if (observed && graph.stage == Stage::planned) {
        stats = DSQ_TRY(observe_stats(graph, kSeeds));
      }
      const Result<const PassList*> list = find_pass_list(each);
      const std::string_view pass = each;
      std::vector<PassRecord> made =
          list ? DSQ_TRY(run_passes(graph, **list, context)) : DSQ_TRY(run_passes(graph, std::span(&pass, 1), context));
      records.insert(records.end(), made.begin(), made.end());
    }
    return std::ranges::any_of(records, &PassRecord::changed);
  }

  void check_verifier(const Graph& graph) {
    const Result<void> valid = verify(graph);
    if (case_.expect == Expect::error) {
      ASSERT_FALSE(valid) << "expected " << case_.error_code;
      return expect_error(valid.error());
    }
    EXPECT_TRUE(valid) << valid.error().what << " " << valid.error().where;
  }

  void expect_error(const Error& error) {
    EXPECT_EQ(code_name(error.code), case_.error_code) << error.what;
    EXPECT_NE((error.where + ": " + error.what).find(case_.error_text), std::string::npos)
        << error.where << ": " << error.what;
  }

  static void check_text(const Graph& graph) {
    Graph compacted = graph;
    compacted.compact();
    EXPECT_EQ(first_difference(graph, compacted), "");
    const Result<Graph> read_back = parse(print(compacted));
    ASSERT_TRUE(read_back) << read_back.error().what << "\n" << print(compacted);
    EXPECT_TRUE(*read_back == compacted) << first_difference(*read_back, compacted) << "\n"
                                         << print(compacted) << print(*read_back);
  }

  static void check_interface(const Graph& before, const Graph& after) {
    const auto names = [](const Graph& graph, const std::vector<ValueId>& ids) {
      std::vector<std::string> out;
      std::ranges::transform(ids, std::back_inserter(out), [&](ValueId id) { return graph.value(id).name; });
      return out;
    };
    EXPECT_EQ(names(before, before.inputs()), names(after, after.inputs()));
    EXPECT_EQ(names(before, before.outputs()), names(after, after.outputs()));
  }

  // Two runs give one graph, and a second run on the result changes nothing.
  void check_repeatable(const Graph& before, const Graph& after) {
    Diagnostics diag;
    Graph again = before;
    ASSERT_TRUE(run(again, diag));
    EXPECT_TRUE(again == after) << "two runs differ: " << first_difference(again, after);
    if (before.stage != after.stage) {
      return;
    }
    const Result<bool> second = run(again, diag);
    ASSERT_TRUE(second) << second.error().what;
    EXPECT_FALSE(*second) << "a second run still changes the graph:\n" << print(again);
  }

  static Graph runnable(const Graph& graph) { return graph.stage == Stage::quantized ? simulated(graph) : graph; }

  // Quantization costs up to `noise`; everything else, lowering among it, up to `tolerance`.
  void check_numbers(const Graph& before, const Graph& after) {
    if (setting("numeric", "").starts_with("off")) {
      return;
    }
    const bool noisy = before.stage < Stage::quantized && after.stage >= Stage::quantized;
    check_same_outputs(before, after, std::stod(noisy ? setting("noise", "0") : setting("tolerance", "1e-5")));
    if (after.stage == Stage::lowered && quantized_) {
      check_same_outputs(*quantized_, after, std::stod(setting("tolerance", "1e-5")));
    }
  }

  static void check_same_outputs(const Graph& before, const Graph& after, double tolerance) {
    for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
      const Result<std::vector<Tensor>> inputs = seeded_inputs(before, seed);
      ASSERT_TRUE(inputs) << inputs.error().what;
      const Result<std::vector<Tensor>> a = outputs_of(runnable(before), *inputs);
      ASSERT_TRUE(a) << "before: " << a.error().what << " " << a.error().where;
      const Result<std::vector<Tensor>> b = outputs_of(runnable(after), *inputs);
      ASSERT_TRUE(b) << "after: " << b.error().what << " " << b.error().where << "\n" << print(after);
      EXPECT_EQ(numeric_difference(*a, *b, tolerance), "") << print(after);
    }
  }

  void check_expectation(const Graph& after) {
    Result<ParsedGraph> wanted = parse_text(case_.after);
    std::string difference = wanted ? "" : wanted.error().what;
    if (wanted) {
      if (setting("types", "") != "as written") {
        const Result<KnownInts> inferred = infer_types(wanted->graph);
        difference = inferred ? "" : inferred.error().what;
      }
      difference = difference.empty() ? first_difference(after, wanted->graph, wanted->any) : difference;
    }
    if (difference.empty()) {
      return;
    }
    Graph compacted = after;
    compacted.compact();
    const std::string text = print(compacted, {.elide_constants = true});
    const char* update = std::getenv("DSQ_UPDATE");
    if (update != nullptr && std::string_view(update) == "1") {
      const Result<void> written = rewrite_expectation(path_, case_.name, text);
      ASSERT_TRUE(written) << written.error().what;
      return;
    }
    ADD_FAILURE_AT(path_.c_str(), case_.line) << difference << "\ngot:\n" << text;
  }

  std::filesystem::path path_;
  DsirCase case_;
  std::optional<Graph> quantized_;  // as it was before lowering
};

// Every pass has a file of cases with at least two that it refuses.
void check_coverage(const std::map<std::string, int>& refusals) {
  for (const PassDef& pass : all_passes()) {
    const auto found = refusals.find(std::string(pass.name));
    EXPECT_TRUE(found != refusals.end()) << "tests/passes/" << pass.name << ".dsir is missing";
    EXPECT_GE(found == refusals.end() ? 2 : found->second, 2) << pass.name << " needs two cases that it leaves alone";
  }
}

class CoverageTest : public ::testing::Test {
 public:
  explicit CoverageTest(std::map<std::string, int> refusals) : refusals_(std::move(refusals)) {}
  void TestBody() override { check_coverage(refusals_); }

 private:
  std::map<std::string, int> refusals_;
};

}  // namespace
}  // namespace dsq::testing

int main(int argc, char** argv) {
  using namespace dsq::testing;
  ::testing::InitGoogleTest(&argc, argv);
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator("tests/passes")) {
    if (entry.path().extension() == ".dsir") {
      paths.push_back(entry.path());
    }
  }
  std::ranges::sort(paths);
  std::map<std::string, int> refusals;
  for (const std::filesystem::path& path : paths) {
    const dsq::Result<DsirFile> file = read_dsir(path);
    if (!file) {
      fmt::print(stderr, "{}: {}\n", path.string(), file.error().what);
      return 1;
    }
    for (const DsirCase& each : file->cases) {
      std::string name = path.stem().string();
      refusals[name] += each.expect == Expect::changed ? 0 : 1;
      ::testing::RegisterTest(name.c_str(), each.name.c_str(), nullptr, nullptr, path.c_str(), each.line,
                              [=]() -> ::testing::Test* { return new DsirTest(path, each); });
    }
  }
  ::testing::RegisterTest("coverage", "every_pass_has_cases", nullptr, nullptr, __FILE__, __LINE__,
                          [=]() -> ::testing::Test* { return new CoverageTest(refusals); });
  return RUN_ALL_TESTS();
}
