// Float convolutions over channels-last data: weights packed when the kernel is made, bias, addition and activation
// inside the primitive.
#include <string_view>

#include "src/ops/window.h"
#include "src/runner/onednn/epilogue.h"
#include "src/runner/onednn/layers.h"
#include "src/runner/portable/activation.h"
#include "src/runner/portable/dispatch.h"
#include "src/support/parallel.h"

namespace dsq::onednn {
namespace {

using dnnl::memory;
using portable::raw;

struct Slots {
  size_t src = 0;
  size_t dst = 0;
  size_t added = 0;
};

struct WindowDims {
  memory::dims strides;
  memory::dims dilations;
  memory::dims pad_begin;
  memory::dims pad_end;
};

WindowDims dims_of(const Window& window) {
  WindowDims dims;
  for (const WindowAxis& axis : window) {
    dims.strides.push_back(axis.stride);
    dims.dilations.push_back(axis.dilation - 1);
    dims.pad_begin.push_back(axis.pad_begin);
    // What the windows really reach; trailing rows that no window touches need no padding.
    dims.pad_end.push_back((axis.out - 1) * axis.stride + axis.extent() - axis.in - axis.pad_begin);
  }
  return dims;
}

// ONNX weights [out, in/group, kernel] (or [in, out/group, kernel] for transposed ones), with the groups as an axis.
Md weights_desc(const Shape& w, int64_t group, bool transposed, dnnl::memory::data_type type) {
  memory::dims dims = w;
  memory::dims strides = strides_of(w);
  if (group > 1) {
    dims[0] /= group;
    dims.insert(dims.begin(), group);
    strides.insert(strides.begin(), dims[1] * strides[0]);
  }
  if (transposed) {
    const size_t at = group > 1 ? 1 : 0;
    std::swap(dims[at], dims[at + 1]);
    std::swap(strides[at], strides[at + 1]);
  }
  return {dims, type, strides};
}

Md any_order(const Md& desc) {
  return {desc.dims(), static_cast<memory::data_type>(desc.data.data_type), memory::format_tag::any};
}

dnnl::primitive_attr attributes(const ConvAttrs& attrs, const Md& dst) {
  dnnl::post_ops ops;
  if (attrs.adds) {
    ops.append_binary(dnnl::algorithm::binary_add, dst);
  }
  append_activation(ops, attrs.activation());
  dnnl::primitive_attr attr;
  attr.set_post_ops(ops);
  return attr;
}

// oneDNN's general brgemm convolution orders its sums by the number of threads; the next implementation does not and is
// as fast. (The ones for 1x1 and depthwise kernels are sound.)
template <class Description>
void prefer_fixed_order(Description& chosen) {
  if (!std::string_view(chosen.impl_info_str()).starts_with("brgconv:")) {
    return;
  }
  Description other = chosen;
  while (other.next_impl()) {
    const std::string_view name = other.impl_info_str();
    if (name.starts_with("jit")) {
      chosen = other;
      return;
    }
  }
}

// oneDNN 2.6 misplaces the elements of an added tensor in grouped convolutions whose groups' outputs do not fill whole
// blocks of 16 (depthwise ones are sound).
bool adds_apart(const ConvAttrs& attrs, const Shape& w, int64_t out_channels) {
  const int64_t per_group = out_channels / attrs.group;
  return attrs.adds && attrs.group > 1 && per_group % 16 != 0 && !(per_group == 1 && w[1] == 1);
}

void add_and_activate(const Call& call, const Activation& act) {
  float* y = raw<float>(call.output());
  const float* added = raw<float>(call.input(3));
  parallel_for(call.output().count(), 1 << 13, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      y[i] = y[i] + added[i];
    }
    portable::apply(act, y + begin, end - begin);
  });
}

template <class Layer, class Direction>
Kernel make(const Graph& graph, const Node& node, const Window& window, Direction algorithm) {
  constexpr bool kTransposed = std::is_same_v<Layer, dnnl::deconvolution_forward>;
  const auto& attrs = node.as<ConvAttrs>();
  const Tensor& w = *graph.constant(node.inputs[1]);
  const Md src = channels_last_desc(*graph.value(node.inputs[0]).type.shape, DType::f32);
  const Md dst = channels_last_desc(*graph.value(node.outputs[0]).type.shape, DType::f32);
  const Md plain = weights_desc(w.shape(), attrs.group, kTransposed, memory::data_type::f32);
  const bool has_bias = node.has_input(2);
  const Md bias({dst.dims()[1]}, memory::data_type::f32, memory::format_tag::a);
  const WindowDims d = dims_of(window);
  const auto kind = dnnl::prop_kind::forward_inference;
  const auto desc = has_bias ? typename Layer::desc(kind, algorithm, src, any_order(plain), bias, dst, d.strides,
                                                    d.dilations, d.pad_begin, d.pad_end)
                             : typename Layer::desc(kind, algorithm, src, any_order(plain), dst, d.strides, d.dilations,
                                                    d.pad_begin, d.pad_end);
  auto primitive = std::make_shared<Primitive>();
  const bool apart = adds_apart(attrs, w.shape(), dst.dims()[1]);
  typename Layer::primitive_desc chosen(desc, apart ? dnnl::primitive_attr() : attributes(attrs, dst),
                                        primitive->engine());
  prefer_fixed_order(chosen);
  primitive->create(Layer(chosen));
  Slots slots;
  slots.src = primitive->bind(DNNL_ARG_SRC, src);
  slots.dst = primitive->bind(DNNL_ARG_DST, dst);
  primitive->bind(DNNL_ARG_WEIGHTS, primitive->packed(raw<float>(w), plain, chosen.weights_desc()));
  if (has_bias) {
    primitive->bind(DNNL_ARG_BIAS, primitive->packed(raw<float>(*graph.constant(node.inputs[2])), bias, bias));
  }
  if (attrs.adds && !apart) {
    slots.added = primitive->bind(DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1, dst);
  }
  return [primitive, slots, apart, adds = attrs.adds && !apart,
          act = attrs.activation()](const Call& call) -> Result<void> {
    primitive->set(slots.src, raw<float>(call.input(0)));
    primitive->set(slots.dst, raw<float>(call.output()));
    if (adds) {
      primitive->set(slots.added, raw<float>(call.input(3)));
    }
    primitive->execute();
    if (apart) {
      add_and_activate(call, act);
    }
    return {};
  };
}

Shape spatial_of(const Shape& channels_last) { return {channels_last.begin() + 1, channels_last.end() - 1}; }

}  // namespace

Prepared prepare_conv(const Graph& graph, const Node& node) {
  const auto& attrs = node.as<ConvAttrs>();
  if (attrs.layout != Layout::channels_last) {
    return std::optional<Kernel>();
  }
  const Shape& w = graph.value(node.inputs[1]).type.shape.value();
  const Shape spatial = spatial_of(*graph.value(node.inputs[0]).type.shape);
  const Window window = DSQ_TRY(window_of(attrs, std::span(w).subspan(2), spatial));
  return std::optional(make<dnnl::convolution_forward>(graph, node, window, dnnl::algorithm::convolution_direct));
}

Prepared prepare_conv_transpose(const Graph& graph, const Node& node) {
  const auto& attrs = node.as<ConvAttrs>();
  if (attrs.layout != Layout::channels_last) {
    return std::optional<Kernel>();
  }
  const Shape& w = graph.value(node.inputs[1]).type.shape.value();
  const Shape spatial = spatial_of(*graph.value(node.inputs[0]).type.shape);
  Window window = DSQ_TRY(transposed_window_of(attrs, std::span(w).subspan(2), spatial));
  for (WindowAxis& axis : window) {  // seen from the large side: a convolution from `out` to `in`
    std::swap(axis.in, axis.out);
  }
  return std::optional(make<dnnl::deconvolution_forward>(graph, node, window, dnnl::algorithm::deconvolution_direct));
}

}  // namespace dsq::onednn
