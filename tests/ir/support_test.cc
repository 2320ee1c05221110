// Globs, nearest names, and files that are written whole or not at all.
#include <array>
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/support/check.h"
#include "src/support/exceptions.h"
#include "src/support/file.h"
#include "src/support/hash.h"
#include "src/support/rng.h"
#include "src/support/strings.h"

namespace dsq {
namespace {

TEST(Exceptions, BecomeErrors) {
  const auto error = [](void (*throws)()) {
    try {
      throws();
    } catch (const std::exception& exception) {
      return error_of(exception);
    }
    return Error{Code::usage, "it did not throw", {}, {}};
  };
  const Error broken = error([] { DSQ_CHECK(1 > 2, "numbers are in order"); });
  EXPECT_EQ(broken.code, Code::internal);
  EXPECT_NE(broken.what.find("numbers are in order (1 > 2 at "), std::string::npos) << broken.what;
  EXPECT_EQ(error([] { throw std::bad_alloc(); }).code, Code::out_of_memory);
}

TEST(Plural, NumbersAndNouns) {
  EXPECT_EQ(plural(1, "layer"), "1 layer");
  EXPECT_EQ(plural(0, "layer"), "0 layers");
  EXPECT_EQ(plural(2, "axis"), "2 axes");
  EXPECT_EQ(plural(3, "class"), "3 classes");
  EXPECT_EQ(plural(3, "branch"), "3 branches");
  EXPECT_EQ(plural(3, "entry"), "3 entries");
  EXPECT_EQ(plural(size_t{1}, "axis"), "1 axis");
}

TEST(Glob, StarsAndQuestionMarks) {
  EXPECT_TRUE(glob_match("*", ""));
  EXPECT_TRUE(glob_match("conv*", "conv"));
  EXPECT_TRUE(glob_match("*/conv_?/*", "block/conv_1/weight"));
  EXPECT_TRUE(glob_match("a*b*c", "aXbYbZc"));
  EXPECT_FALSE(glob_match("a*b*c", "aXbYbZ"));
  EXPECT_FALSE(glob_match("?", ""));
  EXPECT_FALSE(glob_match("conv", "conv1"));
  EXPECT_FALSE(glob_match("", "x"));
  EXPECT_TRUE(glob_match("", ""));
}

TEST(Glob, EscapesMakeEveryCharacterPlain) {
  EXPECT_TRUE(glob_match("a\\*b", "a*b"));
  EXPECT_FALSE(glob_match("a\\*b", "axb"));
  EXPECT_TRUE(glob_match("*\\?", "why?"));
  EXPECT_FALSE(glob_match("*\\?", "why!"));
  EXPECT_TRUE(glob_match("\\", "\\"));  // a lone one at the end stands for itself
  for (const char* name : {"plain", "a*b?c", "back\\slash", "\\*", "it's=1", ""}) {
    EXPECT_TRUE(glob_match(glob_escaped(name), name)) << name;
  }
  EXPECT_FALSE(glob_match(glob_escaped("a*b"), "aXb"));
  EXPECT_EQ(shell_quoted("it's"), "'it'\\''s'");
}

TEST(Glob, ManyStarsStayFast) { EXPECT_FALSE(glob_match("*a*a*a*a*a*a*a*a*a*b", std::string(5000, 'a'))); }

TEST(Nearest, IgnoresCaseAndPrefersTheFirst) {
  const auto names = std::to_array<std::string>({"fold_constants", "fold_identity", "drop_dead"});
  EXPECT_EQ(nearest("fold_constnts", names), "fold_constants");
  EXPECT_EQ(nearest("DROP", names), "drop_dead");
  EXPECT_EQ(nearest("anything", {}), "");
}

TEST(Strings, SplitAndSizes) {
  EXPECT_EQ(split("a,,b", ','), (std::vector<std::string>{"a", "", "b"}));
  EXPECT_EQ(split("", ','), (std::vector<std::string>{""}));
  EXPECT_EQ(human_bytes(999), "999 B");
  EXPECT_EQ(human_bytes(10.9e6), "10.9 MB");
}

TEST(Hash, KnownAnswers) {
  const std::string abc = "abc";
  EXPECT_EQ(hex(sha256(std::as_bytes(std::span(abc)))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex(sha256({})), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Rng, TheSameNumbersEverywhere) {
  Rng rng(0);
  EXPECT_EQ(rng.next(), 0xE220A8397B1DCDAFULL);  // the first number of splitmix64
  for (int i = 0; i < 1000; ++i) {
    const float u = rng.uniform();
    EXPECT_TRUE(u >= 0.0F && u < 1.0F);
  }
}

class FileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("dsq_file_test_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  static std::string read(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  int64_t entries() const {
    return std::distance(std::filesystem::directory_iterator(folder_), std::filesystem::directory_iterator());
  }

  std::filesystem::path folder_;
};

TEST_F(FileTest, WritesAndReplaces) {
  const std::filesystem::path path = folder_ / "out";
  ASSERT_TRUE(write_file(path, "one"));
  ASSERT_TRUE(write_file(path, "two"));
  EXPECT_EQ(read(path), "two");
  EXPECT_EQ(entries(), 1);
}

TEST_F(FileTest, AFailureHalfwayLeavesTheOldFile) {
  const std::filesystem::path path = folder_ / "out";
  ASSERT_TRUE(write_file(path, "old"));
  const Result<void> result = write_file(path, [](const Sink& sink) -> Result<void> {
    DSQ_TRY(sink(std::as_bytes(std::span("half of it", 10))));
    return fail(Code::internal, "stopped");
  });
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().what, "stopped");
  EXPECT_EQ(read(path), "old");
  EXPECT_EQ(entries(), 1);
}

TEST_F(FileTest, AFolderThatIsNotThereIsSaid) {
  const Result<void> result = write_file(folder_ / "none" / "out", "x");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::write_failed);
  EXPECT_FALSE(check_writable(folder_ / "none" / "out"));
  EXPECT_TRUE(check_writable(folder_ / "out"));
  EXPECT_EQ(entries(), 0);
}

TEST_F(FileTest, AWriterByNameIsAtomicToo) {
  const std::filesystem::path path = folder_ / "out";
  ASSERT_TRUE(write_file(path, "old"));
  const Result<void> failed = write_file_by_name(path, [](const std::string& temporary) -> Result<void> {
    std::ofstream(temporary) << "half";
    return fail(Code::internal, "stopped");
  });
  EXPECT_FALSE(failed);
  EXPECT_EQ(read(path), "old");
  EXPECT_EQ(entries(), 1);
  ASSERT_TRUE(write_file_by_name(path, [](const std::string& temporary) -> Result<void> {
    std::ofstream(temporary) << "new";
    return {};
  }));
  EXPECT_EQ(read(path), "new");
  EXPECT_EQ(entries(), 1);
}

TEST_F(FileTest, NeverReplacesWhatIsNoRegularFile) {
  const std::filesystem::path pipe = folder_ / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  for (const std::filesystem::path& wrong : {pipe, folder_}) {
    const Result<void> refused = write_file(wrong, "text");
    ASSERT_FALSE(refused) << wrong;
    EXPECT_EQ(refused.error().code, Code::write_failed);
    EXPECT_FALSE(check_writable(wrong)) << wrong;
  }
  EXPECT_TRUE(std::filesystem::is_fifo(pipe));
}

TEST_F(FileTest, MapsFilesAndRefusesWhatIsNone) {
  const std::filesystem::path path = folder_ / "in";
  ASSERT_TRUE(write_file(path, ""));
  const auto empty = MappedFile::open(path);
  ASSERT_TRUE(empty);
  EXPECT_TRUE((*empty)->bytes().empty());
  ASSERT_TRUE(write_file(path, "abc"));
  EXPECT_EQ((*MappedFile::open(path))->bytes().size(), 3U);
  for (const std::filesystem::path& wrong : {folder_, folder_ / "missing", std::filesystem::path("/dev/null")}) {
    const auto refused = MappedFile::open(wrong);
    ASSERT_FALSE(refused) << wrong;
    EXPECT_EQ(refused.error().code, Code::file_unreadable);
  }
}

}  // namespace
}  // namespace dsq
