// What counts when graphs are compared, and what does not.
#include "src/ir/compare.h"

#include <gtest/gtest.h>

#include "src/ir/parse.h"

namespace dsq {
namespace {

constexpr const char* kBase = R"(graph "g" (%x: f32[2]) -> (%y) {
  %c = const f32[2] {1, 2}
  %a = add(%x, %c) : f32[2]
  %b = leaky_relu(%x) {alpha=0.1} : f32[2]
  %y = mul(%a, %b) : f32[2]
})";

TEST(Compare, InternalNamesAndOrderDoNotCount) {
  const Graph base = *parse(kBase);
  const Graph other = *parse(R"(graph "g" (%x: f32[2]) -> (%y) {
    %slope = leaky_relu(%x) {alpha=0.1} @"another name" : f32[2]
    %k = const f32[2] {1, 2}
    %sum = add(%x, %k) : f32[2]
    %y = mul(%sum, %slope) : f32[2]
  })");
  EXPECT_EQ(first_difference(base, other), "");
  EXPECT_EQ(structural_hash(base), structural_hash(other));
  EXPECT_EQ(topology_hash(base), topology_hash(other));
  EXPECT_FALSE(base == other);
}

struct Change {
  const char* from;
  const char* to;
  const char* says;
  bool topology;  // whether the topology hash sees it
};

class CompareChange : public ::testing::TestWithParam<Change> {};

TEST_P(CompareChange, IsSeen) {
  std::string text = kBase;
  const size_t at = text.find(GetParam().from);
  ASSERT_NE(at, std::string::npos);
  text.replace(at, std::string_view(GetParam().from).size(), GetParam().to);
  const Graph base = *parse(kBase);
  const Result<Graph> other = parse(text);
  ASSERT_TRUE(other) << other.error().what << "\n" << text;
  const std::string difference = first_difference(base, *other);
  EXPECT_NE(difference.find(GetParam().says), std::string::npos) << difference;
  EXPECT_NE(difference, "");
  EXPECT_NE(first_difference(*other, base), "");
  EXPECT_NE(structural_hash(base), structural_hash(*other));
  EXPECT_EQ(topology_hash(base) != topology_hash(*other), GetParam().topology);
}

INSTANTIATE_TEST_SUITE_P(All, CompareChange,
                         ::testing::Values(Change{"{1, 2}", "{1, 3}", "constants with different contents", false},
                                           Change{"{alpha=0.1}", "{alpha=0.2}", "attributes differ", true},
                                           Change{"mul(%a, %b)", "mul(%b, %a)", "", true},
                                           Change{"mul(%a, %b)", "sub(%a, %b)", "mul and sub", true},
                                           Change{"%a = add(%x, %c) : f32[2]", "%a = add(%x, %c) : f32[?]",
                                                  "f32[2] and f32[?]", false},
                                           Change{"%a = add(%x, %c) : f32[2]",
                                                  "%a = add(%x, %c) : f32[2] quant(axis=-1, group=0, scale={2})",
                                                  "quantized differently", false},
                                           Change{"%y = mul", "%dead = relu(%x) : f32[2] %y = mul", "nodes", true},
                                           Change{"%y = mul", "%unused = const i64[1] {1} %y = mul", "unused", true},
                                           Change{"mul(%a, %b)", "mul(%a, %a)", "", true},
                                           Change{"graph \"g\" (", "graph \"g\" stage=planned (", "stage", false},
                                           Change{"\"g\"", "\"h\"", "graph name", true},
                                           Change{"%x: f32[2])", "%x: f32[2], %z: f32[2])", "1 and 2 inputs", true}));

TEST(Compare, AnyEqualsEveryConstantOfItsType) {
  const Graph base = *parse(kBase);
  std::string text = kBase;
  text.replace(text.find("{1, 2}"), 6, "any");
  const ParsedGraph wanted = *parse_text(text);
  EXPECT_EQ(first_difference(base, wanted.graph, wanted.any), "");
  EXPECT_NE(first_difference(base, wanted.graph), "");
}

TEST(Compare, TwoUsesOfOneAreNotTwo) {
  const Graph one = *parse("graph (%x: f32[2]) -> (%y) { %a = relu(%x) : f32[2] %y = add(%a, %a) : f32[2] }");
  const Graph two =
      *parse("graph (%x: f32[2]) -> (%y) { %a = relu(%x) : f32[2] %b = relu(%x) : f32[2] %y = add(%a, %b) : f32[2] }");
  EXPECT_NE(first_difference(one, two), "");
  EXPECT_NE(first_difference(two, one), "");
  EXPECT_NE(structural_hash(one), structural_hash(two));
}

}  // namespace
}  // namespace dsq
