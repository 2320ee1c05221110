// Float kernels of the onednn backend against the portable ones, within the tolerance that each row names (relative to
// the largest magnitude of the result), and with the same bits for every number of threads and every run.
#include <functional>

#include "tests/kernels/harness.h"

namespace dsq::test {
namespace {

struct Case {
  Graph graph;
  std::vector<Tensor> inputs;
  std::string text;

  ValueId input(Rng& rng, const Shape& shape, float low = -1, float high = 1) {
    inputs.push_back(random_floats(rng, shape, low, high));
    return graph.add_input(graph.unique_name("x"), inputs.back().type());
  }
  ValueId weights(Rng& rng, const Shape& shape) {
    return graph.add_constant(graph.unique_name("w"), random_floats(rng, shape));
  }
};

void sweep(int rounds, uint64_t seed, float tolerance, const std::function<void(Rng&, Case&)>& make) {
  Rng rng(seed);
  for (int round = 0; round < rounds; ++round) {
    Case c;
    make(rng, c);
    const std::string text = fmt::format("round {} {}", round, c.text);
    const std::vector<Tensor> wanted = run_on(c.graph, c.inputs, "portable");
    const std::vector<Tensor> got = run_on(c.graph, c.inputs, "onednn", 1, 10);
    expect_near(wanted, got, tolerance, text);
    for (const int threads : {2, 4}) {
      expect_same(got, run_on(c.graph, c.inputs, "onednn", threads, 2), fmt::format("{} threads {}", text, threads));
    }
  }
}

const std::vector<OpKind> kActivations = {OpKind::relu,       OpKind::sigmoid,      OpKind::silu,
                                          OpKind::hard_swish, OpKind::hard_sigmoid, OpKind::tanh,
                                          OpKind::gelu,       OpKind::elu,          OpKind::leaky_relu};

// A layer's result, sometimes added to something of its shape, sometimes activated: what fuse.cc takes up.
ValueId followed(Rng& rng, Case& c, ValueId y, const Shape& shape) {
  if (in_range(rng, 0, 2) == 0) {
    y = add_op(c.graph, OpKind::add, ActAttrs{},
               in_range(rng, 0, 1) == 0 ? std::vector<ValueId>{y, c.input(rng, shape)}
                                        : std::vector<ValueId>{c.input(rng, shape), y});
    c.text += " + add";
  }
  if (in_range(rng, 0, 1) == 0) {
    const OpKind act = one_of(rng, kActivations);
    y = add_op(c.graph, act, default_attrs(act), {y});
    c.text += fmt::format(" + {}", name_of(act));
  }
  return y;
}

void convolution(Rng& rng, Case& c, bool transposed) {
  const auto dims = static_cast<size_t>(one_of<int64_t>(rng, {1, 2, 2, 2, 3}));
  const bool depthwise = in_range(rng, 0, 4) == 0;
  const int64_t group = depthwise ? in_range(rng, 2, 40) : one_of<int64_t>(rng, {1, 1, 2, 3});
  const int64_t in = depthwise ? 1 : in_range(rng, 1, 20);
  const int64_t out = depthwise ? 1 : in_range(rng, 1, 20);
  Shape x{in_range(rng, 1, 2), group * in};
  Shape w = transposed ? Shape{group * in, out} : Shape{group * out, in};
  Shape y{x[0], group * out};
  ConvAttrs attrs;
  attrs.group = group;
  Shape begins;
  Shape ends;
  for (size_t d = 0; d < dims; ++d) {
    const int64_t kernel = in_range(rng, 1, 4);
    const int64_t dilation = in_range(rng, 1, 2);
    const int64_t stride = in_range(rng, 1, 3);
    w.push_back(kernel);
    attrs.dilations.push_back(dilation);
    attrs.strides.push_back(stride);
    const int64_t extent = (kernel - 1) * dilation + 1;
    begins.push_back(in_range(rng, 0, kernel - 1));
    ends.push_back(in_range(rng, 0, kernel - 1));
    x.push_back(extent + in_range(rng, 0, 9));
    if (transposed) {
      attrs.output_padding.push_back(in_range(rng, 0, stride - 1));
      y.push_back(stride * (x.back() - 1) + attrs.output_padding.back() + extent - begins.back() - ends.back());
    } else {
      y.push_back((x.back() + begins.back() + ends.back() - extent) / stride + 1);
    }
  }
  attrs.pads = begins;
  attrs.pads.insert(attrs.pads.end(), ends.begin(), ends.end());
  c.text = fmt::format("x {} w {} strides {} pads {} dilations {} group {} padding {}", text_of(x), text_of(w),
                       text_of(attrs.strides), text_of(attrs.pads), text_of(attrs.dilations), group,
                       text_of(attrs.output_padding));
  std::vector<ValueId> inputs = {c.input(rng, x), c.weights(rng, w)};
  if (in_range(rng, 0, 2) > 0) {
    inputs.push_back(c.weights(rng, {group * out}));
  }
  const ValueId result = add_op(c.graph, transposed ? OpKind::conv_transpose : OpKind::conv, attrs, inputs);
  c.graph.set_outputs({followed(rng, c, result, y)});
}

TEST(FloatSweep, Convolutions) {
  sweep(250, 21, 1e-5F, [](Rng& rng, Case& c) { convolution(rng, c, false); });
}

TEST(FloatSweep, TransposedConvolutions) {
  sweep(80, 22, 1e-5F, [](Rng& rng, Case& c) { convolution(rng, c, true); });
}

TEST(FloatSweep, Products) {
  sweep(150, 23, 1e-5F, [](Rng& rng, Case& c) {
    const int64_t m = in_range(rng, 1, 40);
    const int64_t k = one_of<int64_t>(rng, {in_range(rng, 1, 300), in_range(rng, 1, 300), 2048});
    const int64_t n = one_of<int64_t>(rng, {in_range(rng, 1, 70), in_range(rng, 1, 70), 384});
    const int64_t batch = in_range(rng, 1, 3);
    const auto which = in_range(rng, 0, 3);
    c.text = fmt::format("kind {} m {} n {} k {}", which, m, n, k);
    if (which == 0) {
      const ValueId y = add_op(c.graph, OpKind::linear, LinearAttrs{},
                               {c.input(rng, {batch, m, k}), c.weights(rng, {n, k}), c.weights(rng, {n})});
      c.graph.set_outputs({followed(rng, c, y, {batch, m, n})});
    } else if (which == 1) {
      const Shape right = one_of<Shape>(rng, {{k, n}, {batch, k, n}, {1, k, n}});
      c.graph.set_outputs(
          {add_op(c.graph, OpKind::matmul, NoAttrs{}, {c.input(rng, {batch, m, k}), c.input(rng, right)})});
    } else if (which == 2) {
      c.graph.set_outputs(
          {add_op(c.graph, OpKind::matmul, NoAttrs{}, {c.input(rng, {batch, m, k}), c.weights(rng, {k, n})})});
    } else {
      const bool flip = in_range(rng, 0, 1) == 0;
      c.graph.set_outputs(
          {add_op(c.graph, OpKind::gemm, GemmAttrs{.trans_b = flip},
                  {c.input(rng, {m, k}), c.weights(rng, flip ? Shape{n, k} : Shape{k, n}), c.weights(rng, {n})})});
    }
  });
}

// Same formulas, same order: no tolerance at all.
TEST(FloatSweep, RowsAndColumns) {
  sweep(120, 24, 0.0F, [](Rng& rng, Case& c) {
    const Shape shape{in_range(rng, 1, 3), in_range(rng, 1, 19), in_range(rng, 1, 17), in_range(rng, 1, 70)};
    const auto which = in_range(rng, 0, 4);
    c.text = fmt::format("kind {} {}", which, text_of(shape));
    const ValueId x = c.input(rng, shape, -4, 4);
    const auto constant = [&](const Shape& ints) {
      return c.graph.add_constant(c.graph.unique_name("axes"), Tensor::ints(ints));
    };
    switch (which) {
      case 0: return c.graph.set_outputs({add_op(c.graph, OpKind::softmax, AxisAttrs{}, {x})});
      case 1:
        return c.graph.set_outputs({add_op(c.graph, OpKind::layer_norm, NormAttrs{},
                                           {x, c.weights(rng, {shape.back()}), c.weights(rng, {shape.back()})})});
      case 2: {
        const Shape axes = one_of<Shape>(rng, {{-1}, {2, 3}, {1}, {1, 2}, {0, 3}});
        return c.graph.set_outputs({add_op(c.graph, OpKind::reduce_mean,
                                           ReduceAttrs{.keepdims = in_range(rng, 0, 1) == 0}, {x, constant(axes)})});
      }
      case 3: {
        const Shape perm = one_of<Shape>(
            rng, {{0, 2, 3, 1}, {0, 3, 1, 2}, {3, 2, 1, 0}, {0, 2, 1, 3}, {0, 1, 3, 2}, {2, 0, 3, 1}, {}});
        return c.graph.set_outputs({add_op(c.graph, OpKind::transpose, PermAttrs{.perm = perm}, {x})});
      }
      default: {
        PoolAttrs pool;
        pool.kernel = {std::min<int64_t>(3, shape[2]), std::min<int64_t>(2, shape[3])};
        pool.strides = {in_range(rng, 1, 2), in_range(rng, 1, 3)};
        pool.pads = {in_range(rng, 0, pool.kernel[0] - 1), 0, 0, in_range(rng, 0, pool.kernel[1] - 1)};
        pool.ceil_mode = in_range(rng, 0, 1) == 0;
        pool.count_include_pad = in_range(rng, 0, 1) == 0;
        return c.graph.set_outputs(
            {add_op(c.graph, OpKind::max_pool, pool, {x}), add_op(c.graph, OpKind::avg_pool, pool, {x})});
      }
    }
  });
}

// Everything that keeps channels-last data as they are, between convolutions, with outputs in the middle.
TEST(FloatSweep, Layouts) {
  sweep(150, 25, 1e-5F, [](Rng& rng, Case& c) {
    const int64_t channels = in_range(rng, 1, 9);
    const Shape shape{in_range(rng, 1, 2), channels, in_range(rng, 4, 8), in_range(rng, 4, 8)};
    c.text = text_of(shape);
    const auto conv = [&](ValueId x, int64_t in, int64_t out) {
      ConvAttrs attrs;
      attrs.pads = {1, 1, 1, 1};
      return add_op(c.graph, OpKind::conv, attrs, {x, c.weights(rng, {out, in, 3, 3})});
    };
    const auto ints = [&](const Shape& values) {
      return c.graph.add_constant(c.graph.unique_name("ints"), Tensor::ints(values));
    };
    ValueId x = conv(c.input(rng, shape), channels, channels);
    std::vector<ValueId> outputs;
    for (int step = 0; step < 3; ++step) {
      const auto which = in_range(rng, 0, 11);
      c.text += fmt::format(" {}", which);
      switch (which) {
        case 0: x = add_op(c.graph, OpKind::mul, ActAttrs{}, {x, c.weights(rng, {channels, 1, 1})}); break;
        case 1: x = add_op(c.graph, OpKind::sub, ActAttrs{}, {c.weights(rng, {}), x}); break;
        case 2: x = add_op(c.graph, OpKind::prelu, NoAttrs{}, {x, c.weights(rng, {channels, 1, 1})}); break;
        case 3: x = add_op(c.graph, OpKind::add, ActAttrs{}, {x, c.weights(rng, {shape[2], shape[3]})}); break;
        case 4: x = add_op(c.graph, OpKind::softmax, AxisAttrs{.axis = in_range(rng, 1, 3)}, {x}); break;
        case 5: {  // squeeze and excite
          const ValueId mean = add_op(c.graph, OpKind::reduce_mean, ReduceAttrs{}, {x, ints({2, 3})});
          x = add_op(c.graph, OpKind::mul, ActAttrs{}, {x, add_op(c.graph, OpKind::sigmoid, NoAttrs{}, {mean})});
          break;
        }
        case 6: {
          const ValueId padded = add_op(c.graph, OpKind::pad, PadAttrs{}, {x, ints({0, 0, 1, 2, 0, 0, 0, 1})});
          x = add_op(c.graph, OpKind::slice, NoAttrs{},
                     {padded, ints({1, 2}), ints({1 + shape[2], 2 + shape[3]}), ints({2, -1})});
          break;
        }
        case 7: {
          const ValueId both =
              add_op(c.graph, OpKind::concat, AxisAttrs{.axis = 1}, {x, add_op(c.graph, OpKind::relu, NoAttrs{}, {x})});
          x = conv(both, 2 * channels, channels);
          break;
        }
        case 8: {
          const ValueId scales =
              c.graph.add_constant(c.graph.unique_name("scales"), Tensor::of<float>({4}, {1, 1, 2, 2}));
          ResizeAttrs resize;
          resize.mode = one_of<ResizeMode>(rng, {ResizeMode::nearest, ResizeMode::linear});
          const ValueId up = add_op(c.graph, OpKind::resize, resize, {x, ValueId::none, scales});
          PoolAttrs pool;
          pool.kernel = pool.strides = {2, 2};
          x = add_op(c.graph, OpKind::max_pool, pool, {up});
          break;
        }
        case 9: {
          const ValueId moved = add_op(c.graph, OpKind::transpose, PermAttrs{.perm = {0, 2, 3, 1}}, {x});
          x = add_op(c.graph, OpKind::transpose, PermAttrs{.perm = {0, 3, 1, 2}},
                     {add_op(c.graph, OpKind::relu, NoAttrs{}, {moved})});
          break;
        }
        case 10: {
          const ValueId flat = add_op(c.graph, OpKind::reshape, ReshapeAttrs{}, {x, ints({shape[0], -1})});
          outputs.push_back(flat);
          break;
        }
        default:
          outputs.push_back(x);
          outputs.push_back(add_op(c.graph, OpKind::reduce_max, ReduceAttrs{.keepdims = false},
                                   {x, ints({one_of<int64_t>(rng, {1, 2})})}));
          x = add_op(c.graph, OpKind::hard_swish, NoAttrs{}, {x});
      }
    }
    outputs.push_back(conv(x, channels, in_range(rng, 1, 5)));
    c.graph.set_outputs(outputs);
  });
}

}  // namespace
}  // namespace dsq::test
