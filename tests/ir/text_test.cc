// The text form: what it can say, and where it says that something is wrong.
#include <gtest/gtest.h>

#include "src/ir/parse.h"
#include "src/ir/print.h"

namespace dsq {
namespace {

// parse(print(g)) == g for what `text` says.
void round_trip(std::string_view text) {
  Result<Graph> graph = parse(text);
  ASSERT_TRUE(graph) << graph.error().what;
  graph->compact();
  const std::string printed = print(*graph);
  const Result<Graph> again = parse(printed);
  ASSERT_TRUE(again) << again.error().what << "\n" << printed;
  EXPECT_TRUE(*again == *graph) << printed << print(*again);
}

TEST(Text, EveryElementType) {
  round_trip(R"(graph "types" (%x: f32[1]) -> (%a, %b, %c, %d, %e, %f, %g, %h, %i, %j, %k, %l, %m, %n, %o) {
    %a = const f32[3] {0.1, -inf, nan}  %b = const f16[2] {0.5, 65504}  %c = const bf16[1] {-3}  %d = const f64[2] {0.1, 1e-300}
    %e = const i8[2] {-128, 127}  %f = const u8[1] {255}  %g = const i16[1] {-32768}  %h = const u16[1] {65535}
    %i = const i32[1] {-2147483648}  %j = const u32[1] {4294967295}  %k = const i64[2] {-9223372036854775808, 9223372036854775807}
    %l = const u64[1] {18446744073709551615}  %m = const bool[2] {0, 1}  %n = const i4[3] {-8, 7, -1}  %o = const u4[3] {0, 15, 9}
  })");
}

TEST(Text, LongConstantsKeepTheirBits) {
  round_trip(
      "graph (%x: f32[1]) -> (%a, %b, %c, %d) { %a = const f32[5,5] rand(seed=3) %b = const i64[17] fill(-4) "
      "%c = const u4[33] rand(seed=1) %d = const f16[40] rand(seed=9) }");
}

TEST(Text, NamesAbsencesAttributesAndQuantization) {
  round_trip(R"(graph stage=planned (%x: f32[1,3,?,8]) -> (%"odd name, \"quoted\"") {
    %w = const f32[4,3,3,3] rand(seed=1) spec(i8, axis=0, group=0, symmetric, range=fixed)
    %c = conv(%x, %w, _) {pads=[1,1,1,1], act=clip, act_a=-0.5, act_b=6} @"block/conv.1" : f32[1,4,?,8]
    %m = requantize(%c) @"" : f32[1,4,?,8] spec(u4, axis=1, group=0, range=calibrated) quant(axis=1, group=0, scale={0.5, 0.25, 1, 2}, zero={3, 0, 0, 1})
    _, %i = max_pool(%m) {kernel=[2,2], column_major=true} : i64[1,4,?,7]
    %"odd name, \"quoted\"" = cast(%i) {to=f32} : f32[1,4,?,7]
  })");
}

TEST(Text, NestedGraphs) {
  round_trip(R"(graph (%c: bool[], %x: f32[2]) -> (%y) {
    %y = if_else(%c, %x) {then=graph (%x: f32[2]) -> (%t) { %t = relu(%x) }, else=graph (%x: f32[2]) -> (%e) {
      %two = const f32[] {2}
      %e = mul(%x, %two)
    }}
  })");
}

struct Wrong {
  const char* text;
  const char* says;
};

class TextErrors : public ::testing::TestWithParam<Wrong> {};

TEST_P(TextErrors, SayWhatAndWhere) {
  const Result<Graph> graph = parse(GetParam().text);
  ASSERT_FALSE(graph);
  EXPECT_EQ(graph.error().code, Code::text_syntax);
  EXPECT_NE(graph.error().what.find(GetParam().says), std::string::npos) << graph.error().what;
}

INSTANTIATE_TEST_SUITE_P(
    All, TextErrors,
    ::testing::Values(
        Wrong{"", "expected 'graph' at line 1, column 1"},
        Wrong{"graph (%x: f33[2]) -> (%x) {}", "unknown element type 'f33' at line 1, column 15"},
        Wrong{"graph (%x: f32[2]) -> (%y) {\n  %y = rellu(%x)\n}", "unknown operator 'rellu' at line 2, column 13"},
        Wrong{"graph (%x: f32[2]) -> (%y) {\n  %y = relu(%z)\n}", "%z is not defined at line 2, column 13"},
        Wrong{"graph (%x: f32[2]) -> (%y) {\n  %y = relu(%x)\n  %y = neg(%x)\n}",
              "%y is defined twice at line 3, column 3"},
        Wrong{"graph (%x: f32[2]) -> (%y) {\n  %y = relu(%x) {slope=1}\n}",
              "no attribute 'slope' at line 2, column 24"},
        Wrong{"graph (%x: f32[2]) -> (%y) { %y = resize(%x) {mode=best} }", "unknown name 'best'"},
        Wrong{"graph (%x: f32[2]) -> (%y) { %y = const f32[2] {1} }", "expected ','"},
        Wrong{"graph (%x: f32[2]) -> (%y) { %y = const f32[?] {1} }", "a constant needs a full shape"},
        Wrong{"graph (%x: f32[2]) -> (%y) { %y = const f32[1] hex\"00\" }", "hex data of the wrong length"},
        Wrong{"graph (%x: f32[2]) -> (%y) { %y = const f32[1] hex\"0000zz00\" }", "not a hex digit"},
        Wrong{"graph (%x: f32[2]) -> (%y) { %y = const f32[1] any }", "`any` stands for no constant here"},
        Wrong{"graph (%x: f32[2]) -> (_) { }", "a graph output cannot be absent"},
        Wrong{"graph stage=liquid (%x: f32[2]) -> (%x) { }", "unknown stage at line 1"},
        Wrong{"graph (%x: f32[2]) -> (%x) { } graph", "expected the end of the text at line 1, column 32"},
        Wrong{"graph (%x: f32[2]) -> (%x) {", "expected"}));

TEST(Text, AnyIsKnownToParseText) {
  const Result<ParsedGraph> parsed = parse_text("graph (%x: f32[2]) -> (%y) { %y = const f32[2] any }");
  ASSERT_TRUE(parsed);
  ASSERT_EQ(parsed->any.size(), 1U);
  EXPECT_EQ(parsed->graph.value(parsed->any[0]).name, "y");
}

}  // namespace
}  // namespace dsq
