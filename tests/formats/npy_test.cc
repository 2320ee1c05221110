// NumPy's files: those that NumPy wrote (data/make_arrays.py), our own, and damaged ones.
#include <fstream>
#include <iterator>

#include <unistd.h>

#include <gtest/gtest.h>

#include "formats/npy/npy.h"

namespace dsq::npy {
namespace {

const std::filesystem::path kData = "tests/formats/data";

class NpyTest : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path file(std::string_view name) const { return folder_ / name; }

 private:
  static std::filesystem::path fresh_folder() {
    std::string name = (std::filesystem::temp_directory_path() / "npy_test_XXXXXX").string();
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    return name;
  }
  std::filesystem::path folder_ = fresh_folder();
};

std::string contents(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

Tensor cube() {
  Tensor t(DType::f32, {2, 3, 4});
  for (size_t i = 0; i < 24; ++i) {
    t.mutable_values<float>()[i] = static_cast<float>(i);
  }
  return t;
}

Tensor only(const std::filesystem::path& path) {
  const Result<NamedTensors> arrays = read(path);
  EXPECT_TRUE(arrays) << arrays.error().what;
  EXPECT_EQ(arrays->size(), 1U);
  EXPECT_EQ(arrays->front().first, "");
  return arrays->front().second;
}

void put(const std::filesystem::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

TEST_F(NpyTest, ReadsWhatNumpyWrote) {
  EXPECT_EQ(only(kData / "c_order.npy"), cube());
  EXPECT_EQ(only(kData / "fortran.npy"), cube());
  const Tensor half = only(kData / "half.npy");
  EXPECT_EQ(half.dtype(), DType::f16);
  EXPECT_EQ(to_floats(half), (std::vector<float>{0.5F, -2.0F, 65504.0F, 0x1p-24F}));
  EXPECT_EQ(only(kData / "bool.npy"), Tensor::of<bool>({2, 2}, {true, false, false, true}));
  EXPECT_EQ(only(kData / "scalar.npy"), Tensor::scalar(0.1));
}

TEST_F(NpyTest, ReadsCompressedArchives) {
  const Result<NamedTensors> arrays = read(kData / "compressed.npz");
  ASSERT_TRUE(arrays) << arrays.error().what;
  ASSERT_EQ(arrays->size(), 2U);
  EXPECT_EQ((*arrays)[0].first, "x");
  EXPECT_EQ((*arrays)[0].second.type(), (TensorType{DType::i64, Shape{200}}));
  EXPECT_EQ((*arrays)[0].second.values<int64_t>()[199], 199);
  EXPECT_EQ((*arrays)[1].first, "in/put");
  EXPECT_EQ((*arrays)[1].second.type(), (TensorType{DType::u8, Shape{10, 7}}));
  EXPECT_EQ((*arrays)[1].second.values<uint8_t>()[69], 3);
}

TEST_F(NpyTest, WritesTheBytesThatNumpyWrites) {
  for (const std::string_view name : {"c_order.npy", "half.npy", "bool.npy", "scalar.npy"}) {
    ASSERT_TRUE(write_npy(file("mine.npy"), only(kData / name)));
    EXPECT_EQ(contents(file("mine.npy")), contents(kData / name)) << name;
  }
}

TEST_F(NpyTest, EveryElementTypeComesBack) {
  NamedTensors arrays;
  for (int i = 0; i <= static_cast<int>(DType::boolean); ++i) {
    const auto type = static_cast<DType>(i);
    if (type == DType::bf16) {
      continue;
    }
    Tensor t(type, {3, 2});
    t.mutable_bytes()[0] = std::byte{1};
    arrays.emplace_back(std::string(name_of(type)), t);
  }
  arrays.emplace_back("empty", Tensor(DType::f32, {0, 4}));
  ASSERT_TRUE(write_npz(file("all.npz"), arrays));
  const Result<NamedTensors> back = read(file("all.npz"));
  ASSERT_TRUE(back) << back.error().what;
  EXPECT_EQ(*back, arrays);
  const std::string first = contents(file("all.npz"));
  ASSERT_TRUE(write_npz(file("all.npz"), arrays));
  EXPECT_EQ(contents(file("all.npz")), first) << "the same arrays give the same bytes";
}

TEST_F(NpyTest, TypesThatNumpyLacksAreWidened) {
  Tensor nibbles(DType::i4, {3});
  for (int i = 0; i < 3; ++i) {
    set_nibble(nibbles.mutable_bytes().data(), i, i - 2);
  }
  Tensor brain(DType::bf16, {1});
  brain.mutable_bytes()[1] = std::byte{0x40};  // 2.0
  ASSERT_TRUE(write_npz(file("a.npz"), {{"i4", nibbles}, {"bf16", brain}}));
  const NamedTensors back = *read(file("a.npz"));
  EXPECT_EQ(back[0].second, Tensor::of<int8_t>({3}, {-2, -1, 0}));
  EXPECT_EQ(back[1].second, Tensor::of<float>({1}, {2.0F}));
}

TEST_F(NpyTest, RefusesObjectsAndForeignByteOrder) {
  for (const std::string_view name : {"object.npy", "big_endian.npy"}) {
    const Result<NamedTensors> arrays = read(kData / name);
    ASSERT_FALSE(arrays) << name;
    EXPECT_EQ(arrays.error().code, Code::data_unreadable);
    EXPECT_NE(arrays.error().what.find("not supported"), std::string::npos) << arrays.error().what;
  }
  EXPECT_EQ(read("/nonexistent.npz").error().code, Code::file_unreadable);
}

TEST_F(NpyTest, RefusesTruncatedArrays) {
  const std::string whole = contents(kData / "c_order.npy");
  for (size_t size = 0; size < whole.size(); ++size) {
    put(file("cut.npy"), std::string_view(whole).substr(0, size));
    const Result<NamedTensors> arrays = read(file("cut.npy"));
    ASSERT_FALSE(arrays) << "cut to " << size;
    EXPECT_EQ(arrays.error().code, Code::data_unreadable);
  }
}

TEST_F(NpyTest, RefusesTruncatedArchives) {
  const NamedTensors expected = *read(kData / "compressed.npz");
  const std::string whole = contents(kData / "compressed.npz");
  for (size_t size = 0; size < whole.size(); size += size + 30 < whole.size() ? 7 : 1) {
    put(file("cut.npz"), std::string_view(whole).substr(0, size));
    const Result<NamedTensors> arrays = read(file("cut.npz"));
    if (arrays) {  // the very last bytes are zeros that minizip can do without
      ASSERT_EQ(*arrays, expected) << "cut to " << size;
      continue;
    }
    EXPECT_EQ(arrays.error().code, Code::data_unreadable);
  }
}

TEST_F(NpyTest, RefusesDamagedHeaders) {
  const std::string good = contents(kData / "bool.npy");
  const auto with = [&](std::string_view from, std::string_view to) {
    std::string bad = good;
    bad.replace(bad.find(from), from.size(), to);
    put(file("bad.npy"), bad);
    return read(file("bad.npy"));
  };
  EXPECT_TRUE(with("(2, 2)", "(1, 4)"));
  EXPECT_FALSE(with("(2, 2)", "(-2,2)"));
  EXPECT_FALSE(with("(2, 2)", "(9, 2)"));
  EXPECT_FALSE(with("'shape'", "'shade'"));
  EXPECT_FALSE(with("'shape': (2, 2)", "'shape': (9999999999999999, 9999)"));
  EXPECT_FALSE(with(std::string_view("\x01\x00\x00\x01", 4), std::string_view("\x01\x00\x07\x01", 4))) << "no boolean";
}

}  // namespace
}  // namespace dsq::npy
