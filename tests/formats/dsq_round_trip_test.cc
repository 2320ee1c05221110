// What is written to a .dsq file comes back equal: every operator, every attribute, every element type, nested graphs,
// annotations; and the same graph always gives the same bytes.
#include <algorithm>
#include <cstring>
#include <fstream>

#include <gtest/gtest.h>

#include "formats/dsq/read.h"
#include "formats/dsq/write.h"
#include "formats/dsq/zstd.h"
#include "src/ir/parse.h"
#include "src/ir/print.h"
#include "src/ops/infer.h"
#include "src/ops/op_def.h"
#include "src/support/rng.h"
#include "tests/formats/aligned.h"

namespace dsq {
namespace {

Provenance some_provenance() {
  return {"dsquant 0.1.0",      "model.onnx", std::string(64, 'a'),     "pytorch 2.9", 17, "--weights int8 --act int4",
          std::string(64, 'b'), 128,          "zstd 1.5.4, zlib 1.2.13"};
}

DsqModel round_trip(const Graph& graph) {
  const Result<std::vector<std::byte>> bytes = encode_dsq(graph, some_provenance());
  EXPECT_TRUE(bytes) << bytes.error().what;
  EXPECT_EQ(*dsq_bytes(graph, some_provenance()), static_cast<int64_t>(bytes->size()));
  Result<DsqModel> model = decode_aligned(*bytes, false);  // what is stored, not whether it makes sense
  EXPECT_TRUE(model) << model.error().what << "\n" << print(graph);
  return model ? std::move(*model) : DsqModel{};
}

void expect_same(Graph graph) {
  const DsqModel model = round_trip(graph);
  graph.compact();
  EXPECT_TRUE(model.graph == graph) << print(graph) << "\n" << print(model.graph);
  EXPECT_EQ(model.provenance, some_provenance());
}

Graph parsed(std::string_view text) {
  Result<Graph> graph = parse(text);
  EXPECT_TRUE(graph) << graph.error().what;
  return graph ? std::move(*graph) : Graph();
}

Graph tiny(float value) {
  Graph g;
  g.name = "tiny";
  const ValueId c = g.add_constant("c", Tensor::scalar(value));
  g.set_outputs({c});
  return g;
}

// A value that differs from the default, for any kind of attribute.
struct Change {
  void operator()(std::string_view, bool& m) const { m = !m; }
  void operator()(std::string_view, int64_t& m) const { m = m == INT64_MAX ? INT64_MIN : m - 7; }
  void operator()(std::string_view, float& m) const { m = m + 0.1F; }
  void operator()(std::string_view, DType& m) const { m = DType::bf16; }
  void operator()(std::string_view, std::string& m) const { m = "ab,bc->ac"; }
  void operator()(std::string_view, Shape& m) const { m = {3, -2, INT64_MAX, 0}; }
  void operator()(std::string_view, std::vector<float>& m) const { m = {0.1F, -1e-30F}; }
  void operator()(std::string_view, std::vector<RnnFunction>& m) const {
    m = {RnnFunction::softplus, RnnFunction::tanh};
  }
  void operator()(std::string_view, GraphRef& m) const { m = std::make_shared<const Graph>(tiny(2.5F)); }
  template <class Enum>
  requires std::is_enum_v<Enum>
  void operator()(std::string_view, Enum& m) const { m = static_cast<Enum>(names_of(m).size() - 1); }
};

TEST(DsqRoundTrip, EveryOperatorWithEveryAttributeChanged) {
  for (int kind = 0; kind < kOpKinds; ++kind) {
    const auto op = static_cast<OpKind>(kind);
    SCOPED_TRACE(name_of(op));
    Graph g;
    g.name = "one node";
    std::vector<ValueId> inputs;
    for (int i = 0; i < op_def(op).min_inputs; ++i) {
      inputs.push_back(g.add_input(fmt::format("x{}", i), {DType::f32, Shape{2, -1, 4}}));
    }
    Attrs attrs = default_attrs(op);
    visit_fields(attrs, Change{});
    std::vector<std::string> outputs;
    for (int i = 0; i < op_def(op).min_outputs; ++i) {
      outputs.push_back(fmt::format("y{}", i));
    }
    const NodeId id = g.add_node(op, "layer/1", attrs, inputs, outputs);
    for (const ValueId y : g.node(id).outputs) {
      g.set_type(y, {DType::f16, std::nullopt});
    }
    g.set_outputs(g.node(id).outputs);
    expect_same(std::move(g));
  }
}

TEST(DsqRoundTrip, EveryElementTypeAndCount) {
  for (int type = 0; type <= static_cast<int>(DType::u4); ++type) {
    const auto dtype = static_cast<DType>(type);
    for (const int64_t count : {0, 1, 7, 16, 63, 64, 65, 129, 1031, 5000}) {
      SCOPED_TRACE(fmt::format("{} x {}", name_of(dtype), count));
      Tensor tensor(dtype, {count});
      Rng rng(static_cast<uint64_t>(count));
      for (std::byte& b : tensor.mutable_bytes()) {
        b = static_cast<std::byte>(dtype == DType::boolean ? rng.below(2) : rng.below(256));
      }
      if (bits_of(dtype) == 4 && count % 2 == 1) {
        tensor.mutable_bytes().back() &= std::byte{15};
      }
      Graph g;
      g.set_outputs({g.add_constant("c", tensor)});
      const DsqModel model = round_trip(g);
      // Bytes, not values: NaN is to come back as it was.
      const Tensor& back = *model.graph.constant(model.graph.outputs()[0]);
      ASSERT_EQ(back.type(), tensor.type());
      EXPECT_TRUE(std::ranges::equal(back.bytes(), tensor.bytes()));
    }
  }
}

TEST(DsqRoundTrip, NarrowIntegersAreStoredInFewerBits) {
  for (const DType dtype : {DType::i8, DType::u8}) {
    for (int bits = 1; bits <= 8; ++bits) {
      SCOPED_TRACE(fmt::format("{} in {} bits", name_of(dtype), bits));
      const int low = dtype == DType::i8 ? -(1 << (bits - 1)) : 0;
      Tensor tensor(dtype, {33, 301});
      Rng rng(7);
      for (std::byte& b : tensor.mutable_bytes()) {
        b = static_cast<std::byte>(low + rng.below(1 << bits));
      }
      Graph g;
      g.set_outputs({g.add_constant("c", tensor)});
      const DsqModel model = round_trip(g);
      EXPECT_EQ(*model.graph.constant(model.graph.outputs()[0]), tensor);
      const int packed = (33 * 301 * bits + 7) / 8;
      if (bits == 7) {  // not packed, but coded
        EXPECT_LE(model.parts.integers, packed + packed / 50);
        EXPECT_GE(model.parts.integers, packed);
      } else {
        EXPECT_EQ(model.parts.integers, packed);
      }
    }
  }
}

// About as trained weights are: a bell over [-127, 127], 6.9 bits of entropy.
Tensor bell(DType dtype, int64_t count, float width = 30) {
  Tensor tensor(dtype, {count});
  Rng rng(3);
  for (std::byte& b : tensor.mutable_bytes()) {
    b = static_cast<std::byte>(static_cast<int>(std::clamp(rng.normal() * width, -127.0F, 127.0F)));
  }
  return tensor;
}

TEST(DsqRoundTrip, IntegersAreEntropyCoded) {
  // One byte to either side of a frame's end, and of two.
  constexpr auto kFrame = static_cast<int64_t>(kZstdFrameBytes);
  for (const int64_t count : {int64_t{2000}, kFrame - 1, kFrame, kFrame + 1, 2 * kFrame, 2 * kFrame + 1}) {
    SCOPED_TRACE(count);
    const Tensor tensor = bell(DType::i8, count);
    Graph g;
    g.set_outputs({g.add_constant("c", tensor)});
    const DsqModel model = round_trip(g);
    EXPECT_EQ(*model.graph.constant(model.graph.outputs()[0]), tensor);
    EXPECT_LE(static_cast<double>(model.parts.integers), (count < kFrame ? 0.93 : 0.89) * static_cast<double>(count));
  }
}

TEST(DsqRoundTrip, WhatCodingDoesNotShortenStaysMapped) {
  Tensor noise(DType::i8, {100000});
  Rng rng(4);
  for (std::byte& b : noise.mutable_bytes()) {
    b = static_cast<std::byte>(rng.below(256));
  }
  EXPECT_TRUE(zstd_compress(noise.bytes()).empty());
  EXPECT_TRUE(zstd_compress({}).empty());
  // Far shorter than a reader would believe: packed to one bit instead.
  EXPECT_TRUE(zstd_compress(Tensor(DType::i8, {100000}).bytes()).empty());
  Graph g;
  g.add_constant("noise", noise);
  g.add_constant("zeros", Tensor(DType::i8, {100000}));
  EXPECT_EQ(round_trip(g).parts.integers, 100000 + 12500);
}

TEST(DsqRoundTrip, FourBitIntegersAreEntropyCoded) {
  Tensor tensor(DType::u4, {20001});
  Rng rng(6);
  for (int64_t i = 0; i < tensor.count(); ++i) {
    set_nibble(tensor.mutable_bytes().data(), i, static_cast<int>(std::clamp(8.0F + 1.5F * rng.normal(), 0.0F, 15.0F)));
  }
  Graph g;
  g.set_outputs({g.add_constant("c", tensor)});
  const DsqModel model = round_trip(g);
  EXPECT_EQ(*model.graph.constant(model.graph.outputs()[0]), tensor);
  EXPECT_LT(model.parts.integers, 9000);
}

constexpr std::string_view kLowered = R"(
graph "net" stage=lowered (%x: f32[?,3,8,8]) -> (%"y out", %z) {
  %w = const i8[4,3,3,3] rand(seed=1) quant(axis=0, group=9, scale={0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.9,1,1.1,1.2})
  %m = const f32[4] {0.1, 0.2, 0.3, 0.4}
  %b = const f32[4] {0, -0, 1e-45, 3e38}
  %t = const u4[16] {15,14,13,12,11,10,9,8,7,6,5,4,3,2,1,0}
  %unused = const i64[0] {}
  %q, %s, %zero = dynamic_quantize(%x) {clip=0.97} : u4[?,3,8,8], f32[?], u8[?]
  %h = qconv(%q, %w, %m, _, %s, %zero) {pads=[1,1,1,1], act=clip, act_b=6} @"block/conv" : u4[?,4,8,8] quant(axis=1, group=0, scale={0.5,0.25,0.125,1}, zero={3,4,5,0})
  %l = lut(%h, %t) : u4[?,4,8,8] quant(axis=-1, group=0, scale={0.5}, levels={-128,-90,-60,-40,-20,-10,-5,0,1,2,4,8,16,32,64,127})
  %"y out" = dequantize(%l) {to=f32} : f32[?,4,8,8]
  _, %z = max_pool(%"y out") {kernel=[2,2]} : i64[*]
}
)";

constexpr std::string_view kPlanned = R"(
graph stage=calibrated (%x: f32[1,4] spec(u4, axis=-1, group=0, range=per_token)) -> (%y) {
  %w = const f32[2,4] rand(seed=3) spec(i8, axis=0, group=0, symmetric, range=fixed)
  %y = linear(%x, %w) : f32[1,2] spec(u8, axis=1, group=0, range=calibrated) quant(axis=1, group=0, scale={0.5, 2}, zero={128})
}
)";

constexpr std::string_view kNested = R"(
graph (%c: bool[], %n: i64[], %x: f32[2]) -> (%y, %z) {
  %y = if_else(%c, %x) {then=graph "yes" (%a: f32[2]) -> (%b) {
    %k = const f32[2] {1, 2}
    %b = add(%a, %k) : f32[2]
  }, else=graph "no" (%a: f32[2]) -> (%b) {
    %t = const bool[] {1}
    %b = if_else(%t, %a) {then=graph (%a: f32[2]) -> (%a) {
    }, else=graph (%a: f32[2]) -> (%d) {
      %d = neg(%a) : f32[2]
    }} : f32[2]
  }} : f32[2]
  %z = loop(%n, %c, %x) {carried=1, body=graph (%i: i64[], %keep: bool[], %v: f32[2]) -> (%keep, %v2) {
    %v2 = mul(%v, %v) {act=clip, act_a=-1, act_b=1} : f32[2]
  }} : f32[2]
}
)";

TEST(DsqRoundTrip, LoweredPlannedAndNestedGraphs) {
  expect_same(parsed(kLowered));
  expect_same(parsed(kPlanned));
  expect_same(parsed(kNested));
  expect_same(Graph());
}

TEST(DsqRoundTrip, NegativeZeroAndNaNAttributesAreKept) {
  Graph g = parsed("graph (%x: f32[1]) -> (%y) { %y = add(%x, %x) {act=clip, act_a=-0.0, act_b=nan} : f32[1] }");
  const DsqModel model = round_trip(g);
  const auto& attrs = model.graph.node(model.graph.nodes()[0]).as<ActAttrs>();
  EXPECT_TRUE(std::signbit(attrs.act_a));
  EXPECT_TRUE(std::isnan(attrs.act_b));
}

TEST(DsqRoundTrip, EqualTensorsAreStoredOnce) {
  Graph once;
  Graph thrice;
  Tensor tensor(DType::f32, {1000});
  std::ranges::fill(tensor.mutable_values<float>(), 0.1F);
  once.add_constant("a", tensor);
  thrice.add_constant("a", tensor);
  thrice.add_constant("b", tensor.clone());
  thrice.add_constant("c", tensor.clone().reshaped({10, 100}));
  EXPECT_EQ(round_trip(once).parts.floats, 4000);
  const DsqModel model = round_trip(thrice);
  EXPECT_EQ(model.parts.floats, 4000);
  thrice.compact();
  EXPECT_TRUE(model.graph == thrice);
}

TEST(DsqRoundTrip, SameInputSameBytes) {
  const Graph g = parsed(kLowered);
  const std::vector<std::byte> first = *encode_dsq(g, some_provenance());
  EXPECT_EQ(first, *encode_dsq(parsed(kLowered), some_provenance()));
  const DsqModel model = round_trip(g);
  EXPECT_EQ(first, *encode_dsq(model.graph, model.provenance)) << "writing what was read changes nothing";
  // Dead nodes and unused slots leave no trace.
  Graph edited = parsed(kLowered);
  const NodeId dead = edited.add_node(OpKind::neg, "dead", NoAttrs{}, {edited.inputs()[0]}, {"gone"});
  edited.erase_node(dead);
  EXPECT_EQ(first, *encode_dsq(edited, some_provenance()));
}

TEST(DsqRoundTrip, FoldersAreCutOffTheSourceName) {
  Provenance p = some_provenance();
  p.source_name = "/home/somebody/secret/model.onnx";
  const std::vector<std::byte> bytes = *encode_dsq(Graph(), p);
  EXPECT_EQ(decode_aligned(bytes)->provenance.source_name, "model.onnx");
}

TEST(DsqRoundTrip, ThroughAFile) {
  const std::filesystem::path path =
      std::filesystem::temp_directory_path() / fmt::format("dsq_round_trip_{}.dsq", ::getpid());
  Graph g = parsed(kLowered);
  Tensor big(DType::i8, {1 << 21});
  std::memset(big.mutable_bytes().data(), 0x55, big.bytes().size());
  g.add_constant("big", big);
  ASSERT_TRUE(infer_types(g));
  ASSERT_TRUE(write_dsq(g, some_provenance(), path));
  const Result<DsqModel> model = read_dsq(path);
  ASSERT_TRUE(model) << model.error().what;
  g.compact();
  EXPECT_TRUE(model->graph == g);
  EXPECT_EQ(model->parts.total(), static_cast<int64_t>(std::filesystem::file_size(path)));
  // Tensors stay mapped: their place in memory is as aligned as in the file.
  const Tensor& mapped = *model->graph.constant(*model->graph.find_value("big"));
  EXPECT_EQ(reinterpret_cast<uintptr_t>(mapped.bytes().data()) % 64, 0U);
  std::filesystem::remove(path);
  EXPECT_EQ(mapped, big) << "the mapping outlives the file's name";
}

// A network of int8 weights: metadata and scales have to stay small even for small networks.
TEST(DsqRoundTrip, SmallNetworksCarryLittleMetadata) {
  Graph g;
  g.name = "main_graph";
  g.stage = Stage::lowered;
  ValueId x = g.add_input("input", {DType::u8, Shape{-1, 64, 16, 16}});
  int64_t float_bytes = 0;
  ConvAttrs attrs;
  attrs.pads = {1, 1, 1, 1};
  attrs.group = 4;
  Rng rng(5);
  for (int layer = 0; layer < 10; ++layer) {
    const std::string name = fmt::format("/features/features.{}/conv/Conv", layer);
    Tensor w(DType::i8, {64, 16, 3, 3});
    for (std::byte& b : w.mutable_bytes()) {
      b = static_cast<std::byte>(rng.below(255) - 127);
    }
    Tensor m(DType::f32, {64});
    Tensor b(DType::f32, {64});
    for (int c = 0; c < 64; ++c) {
      m.mutable_values<float>()[static_cast<size_t>(c)] = rng.uniform();
      b.mutable_values<float>()[static_cast<size_t>(c)] = rng.normal();
    }
    float_bytes += 4 * (w.count() + b.count());
    const ValueId wi = g.add_constant(fmt::format("features.{}.conv.weight", layer), w);
    const ValueId mi = g.add_constant(fmt::format("features.{}.conv.weight.m", layer), m);
    const ValueId bi = g.add_constant(fmt::format("features.{}.conv.weight.b", layer), b);
    const NodeId node = g.add_node(OpKind::qconv, name, attrs, {x, wi, mi, bi}, {name + "_output_0"});
    x = g.node(node).outputs[0];
    g.set_type(x, {DType::u8, Shape{-1, 64, 16, 16}});
    g.set_params(x, QuantParams{{}, {rng.uniform() + 0.1F}, {12}, {}});
  }
  g.set_outputs({x});
  const DsqModel model = round_trip(g);
  EXPECT_LE(static_cast<double>(model.parts.total()), 0.27 * static_cast<double>(float_bytes));
  EXPECT_LE(model.parts.metadata, 2600);
  RecordProperty("metadata", static_cast<int>(model.parts.metadata));
}

// The reader takes no metadata that grows without measure, so such metadata is not deflated.
TEST(DsqRoundTrip, MetadataThatShrinksTooFarIsStoredAsItIs) {
  Graph g;
  const ValueId x = g.add_input("x", {DType::f32, Shape{1}});
  const NodeId all = g.add_node(OpKind::concat, "all", AxisAttrs{0}, std::vector<ValueId>(50000, x), {"y"});
  g.set_outputs({g.node(all).outputs[0]});
  ASSERT_TRUE(infer_types(g));
  const DsqModel model = round_trip(g);
  EXPECT_GE(model.parts.metadata, 4 * 50000);
}

TEST(DsqWrite, CyclesAndForeignAttributesAreRefused) {
  Graph g;
  const NodeId a = g.add_node(OpKind::neg, "a", NoAttrs{}, {}, {"p"});
  const NodeId b = g.add_node(OpKind::neg, "b", NoAttrs{}, {g.node(a).outputs[0]}, {"q"});
  g.set_inputs(a, {g.node(b).outputs[0]});
  EXPECT_EQ(encode_dsq(g, {}).error().code, Code::graph_invalid);
  Graph h;
  h.add_node(OpKind::neg, "a", ConvAttrs{}, {h.add_input("x", {})}, {"p"});
  EXPECT_EQ(encode_dsq(h, {}).error().code, Code::graph_invalid);
}

TEST(DsqWrite, NothingIsLeftWhereWritingFails) {
  const Result<void> done = write_dsq(parsed(kLowered), some_provenance(), "/nonexistent/folder/model.dsq");
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Code::write_failed);
}

}  // namespace
}  // namespace dsq
