// Integer kernels: the onednn backend gives the portable backend's bits, for every number of threads and every run.
// Set ONEDNN_MAX_CPU_ISA=AVX2 to sweep the path of CPUs without VNNI (a ctest of its own).
#include "tests/kernels/harness.h"

namespace dsq::test {
namespace {

enum class Zero { none, tensor, channel, table, run_time };

std::optional<QuantParams> params_for(Rng& rng, DType type, Zero zero, int64_t channels) {
  if (zero == Zero::none || zero == Zero::run_time) {
    return std::nullopt;
  }
  const IntRange range = range_of(type);
  QuantParams params;
  params.scale = {0.02F};
  if (zero == Zero::table) {
    for (int i = 0; i < 16; ++i) {
      params.levels.push_back(static_cast<int8_t>(i * i - 100 + i));
    }
    return params;
  }
  const int64_t count = zero == Zero::channel ? channels : 1;
  params.granularity.axis = zero == Zero::channel ? 1 : -1;
  params.scale.assign(static_cast<size_t>(count), 0.02F);
  for (int64_t i = 0; i < count; ++i) {
    params.zero_point.push_back(static_cast<int32_t>(in_range(rng, range.low, range.high)));
  }
  return params;
}

// What the layers have in common: their parameters and how x is to be read.
struct Layer {
  Graph graph;
  std::vector<Tensor> inputs;
  std::vector<ValueId> arguments;
  DType y_type = DType::u8;
  Activation act;
  std::string text;
};

// `units`: the shape of run-time ranges, when each part of x has its own.
Layer make_layer(Rng& rng, const Shape& x, const Shape& w, int64_t in_per_group, const Shape& units,
                 bool token_params) {
  Layer layer;
  const DType x_type = one_of<DType>(rng, {DType::u8, DType::i8, DType::u4, DType::i4});
  const bool nibbles = bits_of(x_type) == 4;
  std::vector<Zero> zeros = {Zero::none, Zero::tensor, Zero::channel};
  if (nibbles) {
    zeros.push_back(Zero::table);
  }
  if (x_type == DType::u8 || x_type == DType::u4) {
    zeros.push_back(Zero::run_time);
  }
  const Zero zero = one_of(rng, zeros);
  layer.y_type = one_of<DType>(rng, {DType::u8, DType::i8, DType::u4, DType::i4, DType::f32});
  const int64_t channels = w[0];
  const int64_t groups = in_range(rng, 0, 3) == 0 ? in_range(rng, 1, std::min<int64_t>(in_per_group, 3)) : 1;
  const auto xv = layer.graph.add_input("x", {x_type, x});
  std::optional<QuantParams> params = params_for(rng, x_type, zero, token_params ? x.back() : x[1]);
  if (params && params->granularity.axis == 1 && token_params) {
    params->granularity.axis = static_cast<int32_t>(x.size()) - 1;
  }
  layer.graph.set_params(xv, params);
  layer.inputs.push_back(random_bytes(rng, x_type, x));
  const float typical = (nibbles ? 8.0F : 80.0F) * 60.0F * std::sqrt(static_cast<float>(count_of(w) / channels));
  const float reach = layer.y_type == DType::f32 ? 3.0F : static_cast<float>(range_of(layer.y_type).high);
  const ValueId m =
      layer.graph.add_constant("m", random_floats(rng, groups == 1 ? Shape{channels} : Shape{channels, groups},
                                                  0.1F * reach / typical, reach / typical));
  const ValueId b = in_range(rng, 0, 3) == 0
                        ? ValueId::none
                        : layer.graph.add_constant("b", random_floats(rng, {channels}, -reach / 2, reach / 2));
  layer.arguments = {xv, layer.graph.add_constant("w", random_weights(rng, w)), m, b};
  if (zero == Zero::run_time) {
    const Shape ranges = in_range(rng, 0, 1) == 0 ? units : Shape{};
    layer.arguments.push_back(layer.graph.add_input("scale", {DType::f32, ranges}));
    layer.arguments.push_back(layer.graph.add_input("zero", {DType::u8, ranges}));
    layer.inputs.push_back(random_floats(rng, ranges, 0.3F, 1.7F));
    Tensor points(DType::u8, ranges);
    for (uint8_t& z : points.mutable_values<uint8_t>()) {
      z = static_cast<uint8_t>(in_range(rng, 0, range_of(x_type).high));
    }
    layer.inputs.push_back(points);
  }
  if (in_range(rng, 0, 2) == 0) {
    layer.act = {ActKind::clip, -reach / 5, reach / 3};
  } else if (layer.y_type == DType::f32 && in_range(rng, 0, 1) == 0) {
    layer.act = {one_of<ActKind>(rng, {ActKind::silu, ActKind::hard_swish, ActKind::gelu}), 0, 0};
  }
  layer.text = fmt::format("x {}{} w {} zero {} -> {} groups {} act {}", name_of(x_type), text_of(x), text_of(w),
                           static_cast<int>(zero), name_of(layer.y_type), groups, static_cast<int>(layer.act.kind));
  return layer;
}

void check(const Layer& layer, const std::string& text) {
  const std::vector<Tensor> wanted = run_on(layer.graph, layer.inputs, "portable");
  for (const int threads : {1, 2, 4}) {
    expect_same(wanted, run_on(layer.graph, layer.inputs, "onednn", threads, 2),
                fmt::format("{} threads {}", text, threads));
  }
}

TEST(IntegerSweep, Convolutions) {
  Rng rng(11);
  for (int round = 0; round < 400; ++round) {
    const auto dims = static_cast<size_t>(one_of<int64_t>(rng, {1, 2, 2, 2, 2, 3}));
    const int64_t group = one_of<int64_t>(rng, {1, 1, 1, 2, 3});
    const bool depthwise = in_range(rng, 0, 4) == 0;
    const int64_t in_per_group = depthwise ? 1 : in_range(rng, 1, 21);
    const int64_t groups = depthwise ? in_range(rng, 2, 37) : group;
    Shape x{in_range(rng, 1, 3), groups * in_per_group};
    Shape w{groups * (depthwise ? 1 : in_range(rng, 1, 19)), in_per_group};
    ConvAttrs attrs;
    attrs.group = groups;
    for (size_t d = 0; d < dims; ++d) {
      const int64_t kernel = in_range(rng, 1, 4);
      const int64_t dilation = in_range(rng, 1, 2);
      w.push_back(kernel);
      attrs.dilations.push_back(dilation);
      attrs.strides.push_back(in_range(rng, 1, 3));
      x.push_back((kernel - 1) * dilation + in_range(rng, 1, 9));
    }
    for (size_t d = 0; d < 2 * dims; ++d) {
      attrs.pads.push_back(in_range(rng, 0, w[2 + d % dims] - 1));
    }
    Layer layer = make_layer(rng, x, w, in_per_group, {x[0]}, false);
    attrs.act = layer.act.kind;
    attrs.act_a = layer.act.a;
    attrs.act_b = layer.act.b;
    layer.graph.set_outputs({add_op(layer.graph, OpKind::qconv, attrs, layer.arguments, layer.y_type)});
    check(layer, fmt::format("round {} {} strides {} pads {} dilations {} group {}", round, layer.text,
                             text_of(attrs.strides), text_of(attrs.pads), text_of(attrs.dilations), groups));
  }
}

TEST(IntegerSweep, Linears) {
  Rng rng(12);
  for (int round = 0; round < 150; ++round) {
    const int64_t k = in_range(rng, 1, 70);
    Shape x{in_range(rng, 1, 3), in_range(rng, 1, 17), k};
    if (in_range(rng, 0, 1) == 0) {
      x.erase(x.begin());
    }
    Layer layer = make_layer(rng, x, {in_range(rng, 1, 50), k}, k, Shape(x.begin(), x.end() - 1), true);
    LinearAttrs attrs;
    attrs.act = layer.act.kind;
    attrs.act_a = layer.act.a;
    attrs.act_b = layer.act.b;
    layer.graph.set_outputs({add_op(layer.graph, OpKind::qlinear, attrs, layer.arguments, layer.y_type)});
    check(layer, fmt::format("round {} {}", round, layer.text));
  }
}

// A chain that stays in integers and in channels-last form: quantize, conv, requantize, table, add, pools, concat.
TEST(IntegerSweep, Chains) {
  Rng rng(13);
  for (int round = 0; round < 120; ++round) {
    const DType type = one_of<DType>(rng, {DType::u8, DType::i8, DType::u4, DType::i4});
    const IntRange range = range_of(type);
    const int64_t c = in_range(rng, 1, 35);
    const Shape shape{in_range(rng, 1, 2), c, in_range(rng, 3, 11), in_range(rng, 3, 11)};
    Graph graph;
    const auto vector = [&](const char* name, float low, float high) {
      return graph.add_constant(graph.unique_name(name),
                                random_floats(rng, {in_range(rng, 0, 1) == 0 ? 1 : c}, low, high));
    };
    const auto params = [&](ValueId id) {
      QuantParams p;
      const bool by_channel = in_range(rng, 0, 1) == 0;
      p.granularity.axis = by_channel ? 1 : -1;
      for (int64_t i = 0; i < (by_channel ? c : 1); ++i) {
        p.scale.push_back(real(rng, 0.01F, 0.1F));
        p.zero_point.push_back(static_cast<int32_t>(in_range(rng, range.low, range.high)));
      }
      graph.set_params(id, p);
      return id;
    };
    const auto top = static_cast<float>(range.high);
    const ValueId x = graph.add_input("x", {DType::f32, shape});
    const ValueId q = params(add_op(graph, OpKind::quantize, QuantizeAttrs{.to = type}, {x}, type));
    ConvAttrs conv;
    conv.pads = {1, 1, 1, 1};
    const float typical = (bits_of(type) == 4 ? 8.0F : 80.0F) * 60.0F * std::sqrt(static_cast<float>(9 * c));
    const ValueId w = graph.add_constant("w", random_weights(rng, {c, c, 3, 3}));
    const ValueId m = graph.add_constant("m", random_floats(rng, {c}, 0.2F * top / typical, top / typical));
    const ValueId y = params(add_op(graph, OpKind::qconv, conv, {q, w, m, ValueId::none}, type));
    const ValueId r =
        params(add_op(graph, OpKind::requantize, NoAttrs{}, {y, vector("rm", 0.3F, 1.5F), vector("rb", -5, 5)}, type));
    const ValueId table = graph.add_constant(
        "table", random_bytes(rng, bits_of(type) == 4 ? (type == DType::i4 ? DType::i8 : DType::u8) : type,
                              {1 << bits_of(type)}));
    const ValueId l = params(add_op(graph, OpKind::lut, NoAttrs{}, {r, bits_of(type) == 4 ? r : table}, type));
    ValueId looked = l;
    if (bits_of(type) == 4) {  // a table of 4-bit results
      graph.set_input(graph.value(l).producer, 1, graph.add_constant("table4", random_bytes(rng, type, {16})));
    }
    const ValueId added =
        params(add_op(graph, OpKind::qadd, ActAttrs{},
                      {looked, y, vector("ma", 0.2F, 1), vector("mb", 0.2F, 1), vector("shift", -4, 4)}, type));
    PoolAttrs window;
    window.kernel = {3, 2};
    window.strides = {2, 1};
    window.pads = {1, 0, 1, 1};
    const ValueId pooled = add_op(graph, OpKind::max_pool, window, {added}, type);
    graph.set_params(pooled, graph.value(added).params);
    const ValueId averaged = params(
        add_op(graph, OpKind::qavg_pool, window, {pooled, vector("pm", 0.05F, 0.2F), vector("pb", -3, 3)}, type));
    const ValueId both = params(add_op(graph, OpKind::concat, AxisAttrs{.axis = 1}, {averaged, averaged}, type));
    graph.set_params(both, std::nullopt);
    const ValueId back = add_op(graph, OpKind::dequantize, QuantizeAttrs{.to = DType::f32}, {averaged});
    graph.set_outputs({both, back, y, added});
    const std::vector<Tensor> inputs = {random_floats(rng, shape, -3, 3)};
    const std::vector<Tensor> wanted = run_on(graph, inputs, "portable");
    for (const int threads : {1, 2, 4}) {
      expect_same(wanted, run_on(graph, inputs, "onednn", threads, 2),
                  fmt::format("round {} {} {} threads {}", round, name_of(type), text_of(shape), threads));
    }
  }
}

TEST(IntegerSweep, RunTimeRanges) {
  Rng rng(14);
  for (int round = 0; round < 80; ++round) {
    const Shape shape = one_of<Shape>(rng, {{2, 5, 7, 9}, {1, 3, 41, 33}, {4, 9}, {1, 16, 64, 65}, {3, 1, 5}});
    Graph graph;
    const ValueId x = graph.add_input("x", {DType::f32, shape});
    DynamicQuantizeAttrs attrs;
    attrs.to = one_of<DType>(rng, {DType::u4, DType::u8});
    attrs.per = one_of<RangeAxis>(rng, {RangeAxis::tensor, RangeAxis::sample, RangeAxis::token});
    attrs.clip = one_of<float>(rng, {1.0F, 0.8F});
    const NodeId node = graph.add_node(OpKind::dynamic_quantize, "q", attrs, {x}, {"q", "scale", "zero"});
    graph.set_outputs(graph.node(node).outputs);
    const float low = one_of<float>(rng, {-3.0F, 0.0F, 1.0F});
    std::vector<Tensor> inputs = {random_floats(rng, shape, low, low + 2)};
    if (round % 7 == 0) {
      inputs[0].mutable_values<float>()[1] = std::nanf("");
    }
    const std::vector<Tensor> wanted = run_on(graph, inputs, "portable");
    for (const int threads : {1, 2, 4}) {
      expect_same(wanted, run_on(graph, inputs, "onednn", threads, 10),
                  fmt::format("round {} {} threads {}", round, text_of(shape), threads));
    }
  }
}

}  // namespace
}  // namespace dsq::test
