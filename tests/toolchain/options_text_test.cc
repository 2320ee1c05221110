// Options as text read back as they were.
#include "src/toolchain/options_text.h"

#include <gtest/gtest.h>

#include "src/support/strings.h"

namespace dsq {
namespace {

TEST(OptionsText, ReadsWhatItWrites) {
  QuantizeOptions options;
  options.recipe.weights = Precision::int6;
  options.recipe.act = Precision::floating;
  options.recipe.keep = {{"a=b*", Precision::fp16}, {"it's \"x\" \\*", Precision::int8}};
  options.recipe.edges_at_act = true;
  options.recipe.max_weight_error = 0.0123;
  options.shapes = {{"x", {1, 3, 224, 224}}, {"a b=", {7}}};
  options.data = "x.npz";
  options.batch = 5;
  options.backend = "portable";
  const std::string text = text_of(options);
  const Result<QuantizeOptions> back = options_from(text);
  ASSERT_TRUE(back) << text << ": " << back.error().what;
  EXPECT_EQ(back->recipe, options.recipe);
  EXPECT_EQ(back->shapes, options.shapes);
  EXPECT_EQ(back->batch, 5);
  EXPECT_EQ(back->backend, "portable");
}

TEST(OptionsText, LeavesOutWhatDoesNotCount) {
  QuantizeOptions options;
  options.batch = 5;  // without data it decides nothing
  options.output = "y.dsq";
  options.threads = 3;
  options.shapes = {{"x", {1, 3}}};
  EXPECT_EQ(text_of(options), "--weights int8 --act int4 --shape x=1,3");
}

TEST(OptionsText, RefusesOtherWords) {
  for (const std::string_view text : {"--weights", "--weights int9", "--colour red", "model.onnx", "--keep x",
                                      "--shape x=0", "--batch many", "--max-weight-error"}) {
    const Result<QuantizeOptions> options = options_from(text);
    ASSERT_FALSE(options) << text;
    EXPECT_EQ(options.error().code, Code::usage) << text;
  }
}

TEST(ShellWords, UndoQuotes) {
  using Words = std::vector<std::string>;
  EXPECT_EQ(shell_words("a  b\tc"), (Words{"a", "b", "c"}));
  EXPECT_EQ(shell_words(shell_quoted("it's") + " " + shell_quoted("")), (Words{"it's", ""}));
  EXPECT_EQ(shell_words("\"a b\"c\\ d"), (Words{"a bc d"}));
  EXPECT_TRUE(shell_words(" ").empty());
}

}  // namespace
}  // namespace dsq
