// Damaged and hostile .dsq files are refused: never a crash, never a large allocation, never a wrong graph.
#include <cstring>

#include <gtest/gtest.h>

#include "formats/dsq/header.h"
#include "formats/dsq/packing.h"
#include "formats/dsq/read.h"
#include "formats/dsq/write.h"
#include "formats/dsq/zstd.h"
#include "src/ir/parse.h"
#include "src/support/rng.h"
#include "tests/formats/aligned.h"

namespace dsq {
namespace {

using Bytes = std::vector<std::byte>;

constexpr std::string_view kText = R"(
graph "net" stage=lowered (%c: bool[], %x: f32[?,3,8,8]) -> (%y, %z) {
  %w = const i8[4,3,3,3] rand(seed=1) quant(axis=0, group=9, scale={0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.9,1,1.1,1.2})
  %coded = const i8[999] {CODED}
  %m = const f32[4,5] rand(seed=2)
  %t = const u4[16] {15,14,13,12,11,10,9,8,7,6,5,4,3,2,1,0}
  %flags = const bool[70] fill(1)
  %q, %s, %zero = dynamic_quantize(%x) {clip=0.97} : u4[?,3,8,8], f32[?], u8[?]
  %h = qconv(%q, %w, %m, _, %s, %zero) {pads=[1,1,1,1], act=clip, act_b=6} : u4[?,4,8,8] quant(axis=1, group=0, scale={0.5,0.25,0.125,1}, zero={3,4,5,0})
  %l = lut(%h, %t) : u4[?,4,8,8] quant(axis=-1, group=0, scale={0.5}, levels={-128,-90,-60,-40,-20,-10,-5,0,1,2,4,8,16,32,64,127})
  %y = dequantize(%l) {to=f32} : f32[?,4,8,8]
  %z = if_else(%c, %y) {then=graph (%a: f32[*]) -> (%a) {
  }, else=graph (%a: f32[*]) -> (%d) {
    %d = neg(%a) : f32[*]
  }} : f32[*]
}
)";

// 999 values of 15 that do not lie close together: worth coding, not worth packing.
std::string text() {
  std::string values;
  Rng rng(2);
  for (int i = 0; i < 999; ++i) {
    values += fmt::format("{}{}", i == 0 ? "" : ",", rng.below(15) * 17 - 127);
  }
  std::string all(kText);
  return all.replace(all.find("CODED"), 5, values);
}

Bytes sample() {
  const Result<Graph> graph = parse(text());
  EXPECT_TRUE(graph);
  return *encode_dsq(*graph, {.tool = "dsquant 0.1.0", .source_name = "m.onnx"});
}

// The file with other metadata, its header put right; not deflated, so that each byte counts.
Bytes rebuilt(const Bytes& metadata, std::span<const std::byte> data) {
  const DsqHeader header{metadata.size(), metadata.size(), data.size(), sha256(metadata), sha256(data)};
  Bytes file(header.file_bytes());
  std::ranges::copy(header_bytes(header), file.begin());
  std::ranges::copy(metadata, file.begin() + kHeaderBytes);
  std::ranges::copy(data, file.begin() + static_cast<long>(header.data_offset()));
  return file;
}

struct Sections {
  Bytes metadata;
  Bytes data;
};
Sections sections_of(const Bytes& file) {
  const DsqHeader header = *parse_header(file);
  const std::span<const std::byte> stored = std::span(file).subspan(kHeaderBytes, header.metadata_stored);
  const std::span<const std::byte> data = std::span(file).subspan(header.data_offset());
  return {*inflate_bytes(stored, header.metadata_bytes), Bytes(data.begin(), data.end())};
}

bool is_refusal(Code code) {
  return code == Code::dsq_corrupt || code == Code::dsq_invalid || code == Code::dsq_newer || code == Code::not_a_model;
}

TEST(DsqRefusal, EveryTruncation) {
  const Bytes good = sample();
  ASSERT_TRUE(decode_aligned(good)) << decode_aligned(good).error().what;
  for (size_t size = 0; size < good.size(); ++size) {
    const Result<DsqModel> model = decode_aligned(std::span(good).first(size));
    ASSERT_FALSE(model) << size;
    EXPECT_EQ(model.error().code, size < 8 ? Code::not_a_model : Code::dsq_corrupt) << size;
  }
  Bytes longer = good;
  longer.push_back(std::byte{0});
  EXPECT_EQ(decode_aligned(longer).error().code, Code::dsq_corrupt);
}

TEST(DsqRefusal, EveryFlippedBit) {
  const Bytes good = sample();
  for (size_t i = 0; i < good.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      Bytes bad = good;
      bad[i] ^= static_cast<std::byte>(1 << bit);
      const Result<DsqModel> model = decode_aligned(bad);
      ASSERT_FALSE(model) << "byte " << i << " bit " << bit;
      EXPECT_TRUE(is_refusal(model.error().code));
    }
  }
}

TEST(DsqRefusal, NewerVersionsAreNamed) {
  Bytes newer = sample();
  newer[8] = std::byte{7};
  const Result<DsqModel> model = decode_aligned(newer);
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().code, Code::dsq_newer);
  EXPECT_NE(model.error().what.find("version 7"), std::string::npos) << model.error().what;
  EXPECT_NE(model.error().what.find("up to 1"), std::string::npos) << model.error().what;
}

TEST(DsqRefusal, WordsOfNewerWritersAreNamed) {
  const Sections s = sections_of(sample());
  for (const std::string_view word :
       {"qconv", "lowered", "dequantize", "clip", "bool", "pads", "level_tables", "zstd"}) {
    Bytes metadata = s.metadata;
    const std::span<const std::byte> wanted = std::as_bytes(std::span(word));
    const auto at = std::search(metadata.begin(), metadata.end(), wanted.begin(), wanted.end());
    ASSERT_NE(at, metadata.end()) << word;
    *at = std::byte{'X'};
    const Result<DsqModel> model = decode_aligned(rebuilt(metadata, s.data));
    ASSERT_FALSE(model) << word;
    EXPECT_EQ(model.error().code, Code::dsq_newer) << word << ": " << model.error().what;
  }
}

// Hashes put right after each change: only the checks of the content stand between the bytes and the graph. What is
// accepted nevertheless (a changed name, say) has to be sound: it is written and read again.
TEST(DsqRefusal, MutationsWithMendedHashes) {
  const Sections s = sections_of(sample());
  Rng rng(11);
  int accepted = 0;
  constexpr int kRounds = 20000;
  for (int round = 0; round < kRounds; ++round) {
    Sections mutant = s;
    const int64_t changes = 1 + rng.below(4);
    for (int64_t c = 0; c < changes; ++c) {
      Bytes& target = rng.below(10) == 0 ? mutant.data : mutant.metadata;
      const auto at = static_cast<size_t>(rng.below(static_cast<int64_t>(target.size())));
      switch (rng.below(4)) {
        case 0: target[at] = static_cast<std::byte>(rng.below(256)); break;
        case 1: target[at] ^= static_cast<std::byte>(1 << rng.below(8)); break;
        case 2: {  // a whole number
          const int32_t value =
              rng.below(2) == 0 ? static_cast<int32_t>(rng.next()) : static_cast<int32_t>(rng.below(64)) - 8;
          std::memcpy(&target[std::min(at / 4 * 4, target.size() - 4)], &value, 4);
          break;
        }
        default: {  // a piece from elsewhere
          const auto from = static_cast<size_t>(rng.below(static_cast<int64_t>(target.size() - 8)));
          std::memmove(&target[std::min(at, target.size() - 8)], &target[from], 8);
        }
      }
    }
    const Result<DsqModel> model = decode_aligned(rebuilt(mutant.metadata, mutant.data));
    if (!model) {
      ASSERT_TRUE(is_refusal(model.error().code)) << model.error().what;
      continue;
    }
    ++accepted;
    const Result<Bytes> again = encode_dsq(model->graph, model->provenance);
    ASSERT_TRUE(again) << again.error().what;
    ASSERT_TRUE(decode_aligned(*again));
  }
  EXPECT_GT(accepted, kRounds / 100) << "mutations that all fail at the first check test nothing";
  EXPECT_LT(accepted, kRounds);
}

TEST(DsqRefusal, MetadataThatInflatesTooFar) {
  const Bytes zeros(1 << 20);
  const Bytes deflated = deflate_bytes(zeros);
  const DsqHeader header{deflated.size(), zeros.size(), 0, sha256(deflated), sha256({})};
  Bytes file(header.file_bytes());
  std::ranges::copy(header_bytes(header), file.begin());
  std::ranges::copy(deflated, file.begin() + kHeaderBytes);
  EXPECT_EQ(decode_aligned(file).error().code, Code::dsq_corrupt);
}

TEST(DsqRefusal, OtherFiles) {
  EXPECT_EQ(read_dsq("/nonexistent.dsq").error().code, Code::file_unreadable);
  EXPECT_EQ(read_dsq("CMakeLists.txt").error().code, Code::not_a_model);
  EXPECT_EQ(decode_aligned({}).error().code, Code::not_a_model);
}

// Frames that a hash vouches for and that are still not what the tensor's size asks for.
TEST(DsqRefusal, CompressedTensors) {
  Rng rng(9);
  Bytes content(kZstdFrameBytes + 1000);
  for (std::byte& b : content) {
    b = static_cast<std::byte>(rng.below(60) * 4);
  }
  const Bytes good = zstd_compress(content);
  Bytes out(content.size());
  ASSERT_TRUE(zstd_decompress(good, out));
  EXPECT_EQ(out, content);
  const auto refused = [](std::span<const std::byte> stored, size_t size) {
    Bytes to(size);
    const Result<void> done = zstd_decompress(stored, to);
    return !done && done.error().code == Code::dsq_invalid;
  };
  EXPECT_TRUE(refused(good, content.size() - 1));
  EXPECT_TRUE(refused(good, content.size() + 1));
  EXPECT_TRUE(refused(good, kZstdFrameBytes)) << "frames too many";
  EXPECT_TRUE(refused({}, 1));
  for (const size_t cut : {size_t{0}, size_t{1}, size_t{5}, good.size() / 2, good.size() - 1}) {
    EXPECT_TRUE(refused(std::span(good).first(cut), content.size())) << cut;
  }
  Bytes longer = good;
  longer.push_back(std::byte{0});
  EXPECT_TRUE(refused(longer, content.size()));
  // One frame of two frames' content; a frame that is to be skipped.
  const Bytes first = zstd_compress(std::span(content).first(1000));
  EXPECT_TRUE(refused(first, 2000));
  const Bytes skippable = {std::byte{0x50}, std::byte{0x2A}, std::byte{0x4D}, std::byte{0x18},
                           std::byte{0},    std::byte{0},    std::byte{0},    std::byte{0}};
  EXPECT_TRUE(refused(skippable, 1));
}

struct BadCase {
  std::string_view what;
  std::string_view text;
};

// Graphs that the text form takes, but that no reader may: the writer stores them as they are.
TEST(DsqRefusal, ContradictionsInQuantization) {
  const BadCase cases[] = {
      {"too few scales", "graph (%x: u8[1,4] quant(axis=1, group=0, scale={1,2})) -> (%x) {}"},
      {"scales of an axis that does not exist", "graph (%x: u8[1,4] quant(axis=2, group=0, scale={1,2})) -> (%x) {}"},
      {"scales along an open dimension", "graph (%x: u8[1,?] quant(axis=1, group=0, scale={1,2})) -> (%x) {}"},
      {"scales of an unknown rank", "graph (%x: u8[*] quant(axis=0, group=0, scale={1,2})) -> (%x) {}"},
      {"groups without an axis", "graph (%x: u8[4] quant(axis=-1, group=2, scale={1,2})) -> (%x) {}"},
      {"negative scale", "graph (%x: u8[4] quant(axis=-1, group=0, scale={-1})) -> (%x) {}"},
      {"infinite scale", "graph (%x: u8[4] quant(axis=-1, group=0, scale={inf})) -> (%x) {}"},
      {"no scale", "graph (%x: u8[4] quant(axis=-1, group=0, scale={})) -> (%x) {}"},
      {"zero point outside its type", "graph (%x: u4[4] quant(axis=-1, group=0, scale={1}, zero={16})) -> (%x) {}"},
      {"zero point outside the planned type",
       "graph (%x: f32[4] spec(u4, axis=-1, group=0, range=fixed) quant(axis=-1, group=0, scale={1}, zero={16})) -> "
       "(%x) {}"},
      {"zero points of a wrong number",
       "graph (%x: u8[3] quant(axis=0, group=0, scale={1,1,1}, zero={1,2})) -> (%x) {}"},
      {"15 levels",
       "graph (%x: u4[4] quant(axis=-1, group=0, scale={1}, levels={0,1,2,3,4,5,6,7,8,9,10,11,12,13,14})) -> (%x) {}"},
      {"levels that do not ascend",
       "graph (%x: u4[4] quant(axis=-1, group=0, scale={1}, levels={0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,14})) -> (%x) "
       "{}"},
      {"levels of eight bits",
       "graph (%x: u8[4] quant(axis=-1, group=0, scale={1}, levels={0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15})) -> (%x) "
       "{}"},
      {"a dimension too large", "graph (%x: u8[4,1099511627777]) -> (%x) {}"},
      {"too few inputs", "graph (%x: f32[4]) -> (%y) { %y = add(%x) : f32[4] }"},
      {"a needed input absent", "graph (%x: f32[4]) -> (%y) { %y = add(%x, _) : f32[4] }"},
      {"too many outputs", "graph (%x: f32[4]) -> (%y) { %y, %z = neg(%x) : f32[4], f32[4] }"},
      {"a type that does not follow", "graph (%x: f32[4]) -> (%y) { %y = neg(%x) : u8[4] }"},
      {"a shape that does not follow", "graph (%x: f32[4]) -> (%y) { %y = neg(%x) : f32[5] }"},
      {"a table too short",
       "graph stage=lowered (%x: u8[4]) -> (%y) { %t = const u8[16] fill(1) %y = lut(%x, %t) : u8[4] }"},
      {"a factor too few",
       "graph stage=lowered (%x: u8[1,4]) -> (%y) { %w = const i8[3,4] fill(1) %m = const f32[2] fill(1) %y = "
       "qlinear(%x, %w, %m) : f32[1,3] }"},
      {"run-time ranges of other samples",
       "graph stage=lowered (%x: u8[2,4], %s: f32[3]) -> (%y) { %w = const i8[3,4] fill(1) %m = const f32[3] fill(1) "
       "%y = qlinear(%x, %w, %m, _, %s) : f32[2,3] }"},
      {"integer operators in a float graph",
       "graph (%x: u8[1,4]) -> (%y) { %w = const i8[3,4] fill(1) %m = const f32[3] fill(1) %y = qlinear(%x, %w, %m) : "
       "f32[1,3] }"},
      {"no nested graph", "graph (%x: bool[]) -> (%y) { %y = if_else(%x) : f32[4] }"},
  };
  for (const BadCase& each : cases) {
    SCOPED_TRACE(each.what);
    const Result<Graph> graph = parse(each.text);
    ASSERT_TRUE(graph) << graph.error().what;
    const Result<Bytes> bytes = encode_dsq(*graph, {});
    ASSERT_TRUE(bytes) << bytes.error().what;
    const Result<DsqModel> model = decode_aligned(*bytes);
    ASSERT_FALSE(model);
    EXPECT_EQ(model.error().code, Code::dsq_invalid) << model.error().what;
  }
}

}  // namespace
}  // namespace dsq
