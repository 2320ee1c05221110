// Integer products on oneDNN. Exactness rests on three facts, which tests/kernels proves by sweeps:
//
//  * 8-bit products are exact where the CPU has VNNI; elsewhere only unsigned 4-bit values times int8 are, and the
//    rest goes to exact_sums.cc.
//  * oneDNN's output scales multiply the int32 sum converted to float, its binary post-operation adds after that, with
//    no fused multiply-add in between, and the conversion to bytes rounds half to even: contract C2's formula.
//  * A bias would be added before the scales, so it is not used.
#include "src/runner/onednn/integer_layer.h"

#include <algorithm>

#include "src/runner/onednn/nibbles.h"
#include "src/runner/onednn/primitive.h"
#include "src/runner/portable/activation.h"
#include "src/runner/portable/dispatch.h"
#include "src/support/parallel.h"

namespace dsq::onednn {
namespace {

using dnnl::memory;
using portable::raw;

bool has_vnni() {
  const auto isa = static_cast<unsigned>(dnnl::get_effective_cpu_isa());
  const auto has = [isa](dnnl::cpu_isa wanted) {
    return (isa & static_cast<unsigned>(wanted)) == static_cast<unsigned>(wanted);
  };
  return has(dnnl::cpu_isa::avx512_core_vnni) || has(dnnl::cpu_isa::avx2_vnni);
}

// oneDNN 2.6 misplaces vectors of one value a channel, and what zero points add at the borders, in grouped convolutions
// whose groups' outputs do not fill whole blocks of 16 (depthwise ones have a kernel of their own).
bool blocks_fit(const IntegerLayer& layer) {
  const int64_t per_group = layer.out_channels() / layer.group;
  return layer.group == 1 || per_group % 16 == 0 || (per_group == 1 && layer.in_per_group() == 1);
}

// Where there is one output position in all, oneDNN 2.6 takes a vector of one value a channel for a whole tensor and
// falls back to its reference loops, which take 20 times as long.
bool vectors_fit(const IntegerLayer& layer) {
  return layer.out_positions() > 1 || (layer.b.empty() && !layer.run_time_scale);
}

// How x becomes bytes that oneDNN multiplies exactly.
struct Feed {
  DType type = DType::u8;  // of the bytes
  int32_t zero = 0;        // for oneDNN to subtract
  bool unpacks = false;    // from nibbles, through `table`
  NibbleTable table{};
  std::vector<int8_t> channel_zero;  // to subtract while unpacking, one for each channel
  bool subtracts_run_time_zero = false;
};

std::optional<Feed> feed_of(const IntegerLayer& layer) {
  Feed feed;
  const bool nibbles = bits_of(layer.x_type) == 4;
  const bool is_signed = layer.x_type == DType::i4 || layer.x_type == DType::i8;
  feed.unpacks = nibbles;
  feed.table = plain_table(layer.x_type);
  feed.type = is_signed ? DType::i8 : DType::u8;
  const QuantParams* params = layer.params ? &*layer.params : nullptr;
  if (layer.run_time_zero) {
    if (!nibbles) {
      return std::nullopt;
    }
    feed.type = DType::i8;
    feed.subtracts_run_time_zero = true;
  } else if (params != nullptr && !params->levels.empty()) {
    std::ranges::copy(params->levels, feed.table.begin());
    feed.type = DType::i8;
  } else if (params != nullptr && !params->zero_point.empty()) {
    const std::vector<int32_t>& zeros = params->zero_point;
    if (std::ranges::all_of(zeros, [&](int32_t z) { return z == zeros[0]; })) {
      feed.zero = zeros[0];
    } else if (nibbles && params->granularity == Granularity{static_cast<int32_t>(layer.x.size()) - 1, 0}) {
      feed.type = DType::i8;
      feed.channel_zero.assign(zeros.begin(), zeros.end());
    } else {
      return std::nullopt;
    }
  }
  if (feed.zero != 0 && !blocks_fit(layer) && !nibbles) {
    return std::nullopt;
  }
  if (nibbles && feed.zero != 0 && (is_signed || !blocks_fit(layer))) {
    feed.type = DType::i8;
    for (int8_t& level : feed.table) {
      level = static_cast<int8_t>(level - feed.zero);
    }
    feed.zero = 0;
  }
  // Without VNNI, oneDNN 2.6 also misreads depthwise channels beyond the last whole block of 16.
  const bool whole_blocks = layer.in_per_group() > 1 || layer.group == 1 || layer.in_channels() % 16 == 0;
  const bool small = nibbles && feed.type == DType::u8 && whole_blocks;
  return has_vnni() || small ? std::optional(feed) : std::nullopt;
}

struct Part {  // the convolution of one slice
  Slice slice;
  std::unique_ptr<Primitive> primitive;
  size_t src = 0;
  size_t dst = 0;
  size_t factor = 0;
};

struct State {
  Feed feed;
  std::vector<Part> parts;
  bool fused = false;               // the primitive applies m, b and the bounds
  DType y_type = DType::u8;         // what the primitive writes
  std::vector<float> factor;        // x_scale * m, when the scale comes at run time
  std::vector<int8_t> bytes;        // of x
  std::vector<int8_t> gathered;     // one slice of x
  std::vector<int32_t> sums;        // of one slice
  std::vector<float> values;        // of all slices so far, where y is not f32
  std::vector<uint8_t> packed_out;  // bytes of a 4-bit y
};

Md weights_desc(const IntegerLayer& layer, int64_t width, bool any) {
  memory::dims dims{layer.out_channels(), width};
  if (layer.group > 1) {
    dims = {layer.group, layer.out_channels() / layer.group, width};
  }
  for (const WindowAxis& axis : layer.window) {
    dims.push_back(axis.kernel);
  }
  return any ? Md(dims, memory::data_type::s8, memory::format_tag::any)
             : Md(dims, memory::data_type::s8, strides_of(dims));
}

std::vector<int8_t> sliced_weights(const IntegerLayer& layer, const Slice& slice) {
  const int64_t taps = layer.kernel_size();
  std::vector<int8_t> weights;
  for (int64_t o = 0; o < layer.out_channels(); ++o) {
    const auto first = layer.weights.begin() + (o * layer.in_per_group() + slice.first) * taps;
    weights.insert(weights.end(), first, first + slice.width * taps);
  }
  return weights;
}

bool exact_in_primitive(const Activation& act) { return act.kind == ActKind::none || act.kind == ActKind::clip; }

// m, b and the bounds as post-operations. Returns the positions of the multiplication and the addition, -1 for none.
struct Epilogue {
  dnnl::primitive_attr attr;
  int multiply = -1;
  int add = -1;
};

Epilogue epilogue_of(const IntegerLayer& layer, const Feed& feed, bool fused) {
  Epilogue epilogue;
  if (feed.zero != 0) {
    epilogue.attr.set_zero_points(DNNL_ARG_SRC, 0, {feed.zero});
  }
  if (!fused) {
    return epilogue;
  }
  Shape vector(layer.x.size(), 1);
  vector[1] = layer.out_channels();
  const Md desc = row_major_desc(vector, DType::f32);
  dnnl::post_ops ops;
  int count = 0;
  if (layer.run_time_scale) {
    ops.append_binary(dnnl::algorithm::binary_mul, desc);
    epilogue.multiply = count++;
  } else {
    epilogue.attr.set_output_scales(1 << 1, layer.m);
  }
  if (!layer.b.empty()) {
    ops.append_binary(dnnl::algorithm::binary_add, desc);
    epilogue.add = count++;
  }
  float low = -INFINITY;
  float high = INFINITY;
  if (layer.act.kind == ActKind::clip) {
    low = layer.act.a;
    high = layer.act.b;
  }
  if (layer.y_type != DType::f32) {
    const IntRange range = range_of(layer.y_type);
    low = std::max(low, static_cast<float>(range.low));
    high = std::min(high, static_cast<float>(range.high));
  }
  const IntRange natural =
      layer.y_type == DType::f32
          ? IntRange{}
          : range_of(layer.y_type == DType::u4 || layer.y_type == DType::u8 ? DType::u8 : DType::i8);
  const bool saturates =
      layer.y_type != DType::f32 && low == static_cast<float>(natural.low) && high == static_cast<float>(natural.high);
  const bool unbounded = std::isinf(low) && std::isinf(high);
  if (!saturates && !unbounded) {
    ops.append_eltwise(1, dnnl::algorithm::eltwise_clip, low, high);
  }
  epilogue.attr.set_post_ops(ops);
  return epilogue;
}

Part make_part(const IntegerLayer& layer, const State& state, const Slice& slice) {
  Part part;
  part.slice = slice;
  part.primitive = std::make_unique<Primitive>();
  Shape x = layer.x;
  x.back() = slice.width * layer.group;
  const Md src = channels_last_desc(x, state.feed.type);
  const Md dst = channels_last_desc(layer.y, state.y_type);
  memory::dims strides;
  memory::dims dilations;
  memory::dims begin;
  memory::dims end;
  for (const WindowAxis& axis : layer.window) {
    strides.push_back(axis.stride);
    dilations.push_back(axis.dilation - 1);
    begin.push_back(axis.pad_begin);
    end.push_back((axis.out - 1) * axis.stride + axis.extent() - axis.in - axis.pad_begin);
  }
  const Epilogue epilogue = epilogue_of(layer, state.feed, state.fused);
  using Layer = dnnl::convolution_forward;
  const Layer::desc desc(dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct, src,
                         weights_desc(layer, slice.width, true), dst, strides, dilations, begin, end);
  const Layer::primitive_desc chosen(desc, epilogue.attr, part.primitive->engine());
  part.primitive->create(Layer(chosen));
  part.src = part.primitive->bind(DNNL_ARG_SRC, src);
  part.dst = part.primitive->bind(DNNL_ARG_DST, dst);
  part.primitive->bind(DNNL_ARG_WEIGHTS,
                       part.primitive->packed(sliced_weights(layer, slice).data(),
                                              weights_desc(layer, slice.width, false), chosen.weights_desc()));
  const Md vector({1, layer.out_channels()}, memory::data_type::f32, memory::format_tag::ab);
  if (epilogue.multiply >= 0) {
    part.factor = part.primitive->bind(DNNL_ARG_ATTR_MULTIPLE_POST_OP(epilogue.multiply) | DNNL_ARG_SRC_1, vector);
  }
  if (epilogue.add >= 0) {
    part.primitive->bind(DNNL_ARG_ATTR_MULTIPLE_POST_OP(epilogue.add) | DNNL_ARG_SRC_1,
                         part.primitive->packed(layer.b.data(), vector, vector));
  }
  return part;
}

// The bytes that the primitives read: x itself, or x unpacked with its zero points taken off.
const int8_t* feed_bytes(const IntegerLayer& layer, State& state, const Call& call) {
  if (!state.feed.unpacks) {
    return raw<int8_t>(call.input(0));
  }
  const auto count = static_cast<int64_t>(state.bytes.size());
  unpack(call.input(0).bytes().data(), count, state.feed.table, state.bytes.data());
  const auto subtract = [&](int64_t units, int64_t each, auto zero_of) {
    parallel_for(units, std::max<int64_t>(1, (1 << 15) / std::max<int64_t>(each, 1)), [&](int64_t begin, int64_t end) {
      for (int64_t u = begin; u < end; ++u) {
        int8_t* x = state.bytes.data() + u * each;
        for (int64_t i = 0; i < each; ++i) {
          x[i] = static_cast<int8_t>(x[i] - zero_of(u, i));
        }
      }
    });
  };
  if (!state.feed.channel_zero.empty()) {
    subtract(count / layer.in_channels(), layer.in_channels(),
             [zeros = state.feed.channel_zero.data()](int64_t, int64_t i) { return zeros[i]; });
  } else if (state.feed.subtracts_run_time_zero) {
    const std::span<const uint8_t> zeros = call.input(5).values<uint8_t>();
    const auto units = static_cast<int64_t>(zeros.size());
    subtract(units, count / units, [zeros = zeros.data()](int64_t u, int64_t) { return zeros[u]; });
  }
  return state.bytes.data();
}

const int8_t* gather_slice(const IntegerLayer& layer, State& state, const int8_t* x, const Slice& slice) {
  const int64_t width = layer.in_per_group();
  parallel_for(layer.in_positions(), std::max<int64_t>(1, (1 << 14) / layer.in_channels()),
               [&](int64_t begin, int64_t end) {
                 for (int64_t at = begin * layer.group; at < end * layer.group; ++at) {
                   std::copy_n(x + at * width + slice.first, slice.width, state.gathered.data() + at * slice.width);
                 }
               });
  return state.gathered.data();
}

Result<void> run_fused(const IntegerLayer& layer, State& state, const Call& call) {
  Part& part = state.parts[0];
  part.primitive->set(part.src, feed_bytes(layer, state, call));
  if (layer.run_time_scale) {
    const float scale = call.input(4).values<float>()[0];
    std::ranges::transform(layer.m, state.factor.begin(), [scale](float m) { return scale * m; });
    part.primitive->set(part.factor, state.factor.data());
  }
  std::byte* out = call.output().mutable_bytes().data();
  part.primitive->set(part.dst, state.packed_out.empty() ? static_cast<void*>(out) : state.packed_out.data());
  part.primitive->execute();
  if (!state.packed_out.empty()) {
    pack(state.packed_out.data(), static_cast<int64_t>(state.packed_out.size()), out);
  }
  if (layer.y_type == DType::f32 && !exact_in_primitive(layer.act)) {
    auto* y = raw<float>(call.output());
    parallel_for(call.output().count(), 1 << 13,
                 [&](int64_t begin, int64_t end) { portable::apply(layer.act, y + begin, end - begin); });
  }
  return {};
}

Result<void> run_sums(const IntegerLayer& layer, State& state, const Call& call) {
  const int8_t* x = feed_bytes(layer, state, call);
  const std::span<const float> scales = call.has(4) ? call.input(4).values<float>() : std::span<const float>();
  if (state.parts.size() == 1) {
    Part& part = state.parts[0];
    part.primitive->set(part.src, x);
    part.primitive->set(part.dst, state.sums.data());
    part.primitive->execute();
    finish_sums(layer, state.sums.data(), scales, call.output());
    return {};
  }
  // One slice after the other through the same sums: those of all slices do not fit into caches.
  float* v = layer.y_type == DType::f32 ? raw<float>(call.output()) : state.values.data();
  for (size_t i = 0; i < state.parts.size(); ++i) {
    Part& part = state.parts[i];
    part.primitive->set(part.src, gather_slice(layer, state, x, part.slice));
    part.primitive->set(part.dst, state.sums.data());
    part.primitive->execute();
    add_slice(layer, static_cast<int64_t>(i), state.sums.data(), scales, v);
  }
  finish_slices(layer, v, call.output());
  return {};
}

}  // namespace

int64_t IntegerLayer::kernel_size() const {
  int64_t size = 1;
  for (const WindowAxis& axis : window) {
    size *= axis.kernel;
  }
  return size;
}
int64_t IntegerLayer::in_positions() const { return count_of(std::span(x).first(x.size() - 1)); }
int64_t IntegerLayer::out_positions() const { return count_of(std::span(y).first(y.size() - 1)); }

std::vector<Slice> slices_of(const IntegerLayer& layer) {
  std::vector<Slice> slices;
  for (int64_t g = 0; g < layer.scale_groups; ++g) {
    const int64_t first = std::min(g * layer.slice_width(), layer.in_per_group());
    slices.push_back({first, std::min(first + layer.slice_width(), layer.in_per_group()) - first});
  }
  return slices;
}

Kernel integer_kernel(std::shared_ptr<const IntegerLayer> layer, int64_t run_time_scales) {
  const std::optional<Feed> feed = feed_of(*layer);
  const std::vector<Slice> slices = slices_of(*layer);
  if (!feed || std::ranges::any_of(slices, [](const Slice& s) { return s.width == 0; })) {
    return exact_kernel(std::move(layer));
  }
  auto state = std::make_shared<State>();
  state->feed = *feed;
  state->fused = layer->scale_groups == 1 && run_time_scales <= 1 && blocks_fit(*layer) && vectors_fit(*layer);
  state->y_type = !state->fused                ? DType::i32
                  : layer->y_type == DType::u4 ? DType::u8
                  : layer->y_type == DType::i4 ? DType::i8
                                               : layer->y_type;
  for (const Slice& slice : slices) {
    state->parts.push_back(make_part(*layer, *state, slice));
  }
  const auto in = static_cast<size_t>(layer->in_positions() * layer->in_channels());
  const auto out = static_cast<size_t>(layer->out_positions() * layer->out_channels());
  state->bytes.resize(feed->unpacks ? in : 0);
  state->gathered.resize(
      slices.size() > 1 ? static_cast<size_t>(layer->in_positions() * layer->group * layer->slice_width()) : 0);
  if (!state->fused) {
    state->sums.resize(out);
    state->values.resize(slices.size() > 1 && layer->y_type != DType::f32 ? out : 0);
    return [layer, state](const Call& call) { return run_sums(*layer, *state, call); };
  }
  state->factor.resize(layer->run_time_scale ? layer->m.size() : 0);
  state->packed_out.resize(bits_of(layer->y_type) == 4 ? out : 0);
  return [layer, state](const Call& call) { return run_fused(*layer, *state, call); };
}

}  // namespace dsq::onednn
