// Typed attributes, one struct for each shape of attributes. `fields` names the members once; printing, parsing,
// files and equality all work from it (visit_fields). Defaults are ONNX's.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <variant>
#include <vector>

#include "src/ir/dtype.h"
#include "src/ir/op_kind.h"
#include "src/ir/quant.h"
#include "src/ir/shape.h"

namespace dsq {

class Graph;

template <class Struct, class Member>
struct Field {
  std::string_view name;
  Member Struct::*member;
};
template <class Struct, class Member>
Field(std::string_view, Member Struct::*) -> Field<Struct, Member>;

// One line for each thing said: the columns are kept by hand from here.
// clang-format off

// Enumerations in attributes are written by name; each lists its names in order.
enum class AutoPad : uint8_t { notset, same_upper, same_lower, valid };
constexpr auto names_of(AutoPad) { return std::to_array<std::string_view>({"notset", "same_upper", "same_lower", "valid"}); }

// channels_first: N,C,spatial (ONNX). channels_last: N,spatial,C, chosen by a backend inside the runner only.
enum class Layout : uint8_t { channels_first, channels_last };
constexpr auto names_of(Layout) { return std::to_array<std::string_view>({"channels_first", "channels_last"}); }

// What an operator applies to its result before storing it, in the units of the output (steps when it is integer).
enum class ActKind : uint8_t {
  none, clip, leaky_relu, hard_sigmoid, hard_swish, sigmoid, silu, tanh, gelu, gelu_tanh, elu,
};
constexpr auto names_of(ActKind) {
  return std::to_array<std::string_view>({"none", "clip", "leaky_relu", "hard_sigmoid", "hard_swish", "sigmoid", "silu",
                                          "tanh", "gelu", "gelu_tanh", "elu"});
}
// clip: [a, b]. leaky_relu, elu: slope a. hard_sigmoid: a * x + b.
struct Activation {
  ActKind kind = ActKind::none;
  float a = 0;
  float b = 0;
  bool operator==(const Activation&) const = default;
};

struct NoAttrs {
  static constexpr std::tuple<> fields{};
  bool operator==(const NoAttrs&) const = default;
};

// conv, conv_transpose and their integer forms. Empty lists mean 1 (strides, dilations) and 0 (pads).
struct ConvAttrs {
  Shape strides;
  Shape pads;  // begin of each axis, then end of each axis
  Shape dilations;
  int64_t group = 1;
  AutoPad auto_pad = AutoPad::notset;
  Shape output_padding;  // conv_transpose only
  Shape output_shape;    // conv_transpose only: spatial sizes that override the pads
  Layout layout = Layout::channels_first;
  bool adds = false;     // the last input is added before the activation
  ActKind act = ActKind::none;
  float act_a = 0;
  float act_b = 0;
  static constexpr auto fields = std::tuple{
      Field{"strides", &ConvAttrs::strides}, Field{"pads", &ConvAttrs::pads}, Field{"dilations", &ConvAttrs::dilations},
      Field{"group", &ConvAttrs::group}, Field{"auto_pad", &ConvAttrs::auto_pad},
      Field{"output_padding", &ConvAttrs::output_padding}, Field{"output_shape", &ConvAttrs::output_shape},
      Field{"layout", &ConvAttrs::layout}, Field{"adds", &ConvAttrs::adds}, Field{"act", &ConvAttrs::act},
      Field{"act_a", &ConvAttrs::act_a}, Field{"act_b", &ConvAttrs::act_b}};
  bool operator==(const ConvAttrs&) const = default;
  Activation activation() const { return {act, act_a, act_b}; }
};

// linear and qlinear: y = x * transpose(w) + b over the last axis of x.
struct LinearAttrs {
  bool adds = false;
  ActKind act = ActKind::none;
  float act_a = 0;
  float act_b = 0;
  static constexpr auto fields = std::tuple{Field{"adds", &LinearAttrs::adds}, Field{"act", &LinearAttrs::act},
                                            Field{"act_a", &LinearAttrs::act_a}, Field{"act_b", &LinearAttrs::act_b}};
  bool operator==(const LinearAttrs&) const = default;
  Activation activation() const { return {act, act_a, act_b}; }
};

// add, mul, qadd, qavg_pool and other operators whose result may be clipped in place.
struct ActAttrs {
  ActKind act = ActKind::none;
  float act_a = 0;
  float act_b = 0;
  static constexpr auto fields = std::tuple{Field{"act", &ActAttrs::act}, Field{"act_a", &ActAttrs::act_a},
                                            Field{"act_b", &ActAttrs::act_b}};
  bool operator==(const ActAttrs&) const = default;
  Activation activation() const { return {act, act_a, act_b}; }
};

struct PoolAttrs {
  Shape kernel;
  Shape strides;
  Shape pads;
  Shape dilations;
  AutoPad auto_pad = AutoPad::notset;
  bool ceil_mode = false;
  bool count_include_pad = false;
  bool column_major = false;  // max_pool's indices
  int64_t p = 2;              // lp_pool
  Layout layout = Layout::channels_first;
  static constexpr auto fields = std::tuple{
      Field{"kernel", &PoolAttrs::kernel}, Field{"strides", &PoolAttrs::strides}, Field{"pads", &PoolAttrs::pads},
      Field{"dilations", &PoolAttrs::dilations}, Field{"auto_pad", &PoolAttrs::auto_pad},
      Field{"ceil_mode", &PoolAttrs::ceil_mode}, Field{"count_include_pad", &PoolAttrs::count_include_pad},
      Field{"column_major", &PoolAttrs::column_major}, Field{"p", &PoolAttrs::p}, Field{"layout", &PoolAttrs::layout}};
  bool operator==(const PoolAttrs&) const = default;
};

struct AxisAttrs {
  int64_t axis = -1;
  static constexpr auto fields = std::tuple{Field{"axis", &AxisAttrs::axis}};
  bool operator==(const AxisAttrs&) const = default;
};

struct ReduceAttrs {
  bool keepdims = true;
  bool noop_with_empty_axes = false;
  static constexpr auto fields = std::tuple{Field{"keepdims", &ReduceAttrs::keepdims},
                                            Field{"noop_with_empty_axes", &ReduceAttrs::noop_with_empty_axes}};
  bool operator==(const ReduceAttrs&) const = default;
};

struct ArgAttrs {
  int64_t axis = 0;
  bool keepdims = true;
  bool select_last = false;
  static constexpr auto fields = std::tuple{Field{"axis", &ArgAttrs::axis}, Field{"keepdims", &ArgAttrs::keepdims},
                                            Field{"select_last", &ArgAttrs::select_last}};
  bool operator==(const ArgAttrs&) const = default;
};

struct PermAttrs {
  Shape perm;  // empty: reverse
  static constexpr auto fields = std::tuple{Field{"perm", &PermAttrs::perm}};
  bool operator==(const PermAttrs&) const = default;
};

struct CastAttrs {
  DType to = DType::f32;
  static constexpr auto fields = std::tuple{Field{"to", &CastAttrs::to}};
  bool operator==(const CastAttrs&) const = default;
};

// The parameters of parametric unary functions: leaky_relu, elu, celu, thresholded_relu (alpha); hard_sigmoid (alpha,
// beta); selu (alpha, beta = gamma); shrink (alpha = lambd, beta = bias); gelu (alpha = 1: tanh approximation).
struct UnaryAttrs {
  float alpha = 0;
  float beta = 0;
  static constexpr auto fields = std::tuple{Field{"alpha", &UnaryAttrs::alpha}, Field{"beta", &UnaryAttrs::beta}};
  bool operator==(const UnaryAttrs&) const = default;
};

struct NormAttrs {
  float epsilon = 1e-5F;
  int64_t axis = -1;    // layer_norm, rms_norm, lp_norm
  int64_t groups = 1;   // group_norm
  int64_t p = 2;        // lp_norm
  Shape axes;           // mean_variance_norm
  static constexpr auto fields =
      std::tuple{Field{"epsilon", &NormAttrs::epsilon}, Field{"axis", &NormAttrs::axis},
                 Field{"groups", &NormAttrs::groups}, Field{"p", &NormAttrs::p}, Field{"axes", &NormAttrs::axes}};
  bool operator==(const NormAttrs&) const = default;
};

struct LrnAttrs {
  float alpha = 1e-4F;
  float beta = 0.75F;
  float bias = 1.0F;
  int64_t size = 1;
  static constexpr auto fields = std::tuple{Field{"alpha", &LrnAttrs::alpha}, Field{"beta", &LrnAttrs::beta},
                                            Field{"bias", &LrnAttrs::bias}, Field{"size", &LrnAttrs::size}};
  bool operator==(const LrnAttrs&) const = default;
};

struct GemmAttrs {
  float alpha = 1;
  float beta = 1;
  bool trans_a = false;
  bool trans_b = false;
  static constexpr auto fields = std::tuple{Field{"alpha", &GemmAttrs::alpha}, Field{"beta", &GemmAttrs::beta},
                                            Field{"trans_a", &GemmAttrs::trans_a}, Field{"trans_b", &GemmAttrs::trans_b}};
  bool operator==(const GemmAttrs&) const = default;
};

enum class ResizeMode : uint8_t { nearest, linear, cubic };
constexpr auto names_of(ResizeMode) { return std::to_array<std::string_view>({"nearest", "linear", "cubic"}); }
enum class CoordMode : uint8_t { half_pixel, half_pixel_symmetric, pytorch_half_pixel, align_corners, asymmetric, tf_crop_and_resize };
constexpr auto names_of(CoordMode) {
  return std::to_array<std::string_view>({"half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners",
                                          "asymmetric", "tf_crop_and_resize"});
}
enum class NearestMode : uint8_t { round_prefer_floor, round_prefer_ceil, floor, ceil };
constexpr auto names_of(NearestMode) {
  return std::to_array<std::string_view>({"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"});
}
enum class AspectPolicy : uint8_t { stretch, not_larger, not_smaller };
constexpr auto names_of(AspectPolicy) { return std::to_array<std::string_view>({"stretch", "not_larger", "not_smaller"}); }

struct ResizeAttrs {
  ResizeMode mode = ResizeMode::nearest;
  CoordMode coord = CoordMode::half_pixel;
  NearestMode nearest = NearestMode::round_prefer_floor;
  float cubic_a = -0.75F;
  bool exclude_outside = false;
  float extrapolation = 0;
  bool antialias = false;
  Shape axes;
  AspectPolicy aspect = AspectPolicy::stretch;
  static constexpr auto fields = std::tuple{
      Field{"mode", &ResizeAttrs::mode}, Field{"coord", &ResizeAttrs::coord}, Field{"nearest", &ResizeAttrs::nearest},
      Field{"cubic_a", &ResizeAttrs::cubic_a}, Field{"exclude_outside", &ResizeAttrs::exclude_outside},
      Field{"extrapolation", &ResizeAttrs::extrapolation}, Field{"antialias", &ResizeAttrs::antialias},
      Field{"axes", &ResizeAttrs::axes}, Field{"aspect", &ResizeAttrs::aspect}};
  bool operator==(const ResizeAttrs&) const = default;
};

enum class PadMode : uint8_t { constant, reflect, edge, wrap };
constexpr auto names_of(PadMode) { return std::to_array<std::string_view>({"constant", "reflect", "edge", "wrap"}); }
struct PadAttrs {
  PadMode mode = PadMode::constant;
  static constexpr auto fields = std::tuple{Field{"mode", &PadAttrs::mode}};
  bool operator==(const PadAttrs&) const = default;
};

// Operators whose whole configuration is one to three integers or switches; each names what it reads.
struct ReshapeAttrs {
  bool allow_zero = false;
  static constexpr auto fields = std::tuple{Field{"allow_zero", &ReshapeAttrs::allow_zero}};
  bool operator==(const ReshapeAttrs&) const = default;
};

struct ShapeAttrs {  // shape
  int64_t start = 0;
  int64_t end = INT64_MAX;
  static constexpr auto fields = std::tuple{Field{"start", &ShapeAttrs::start}, Field{"end", &ShapeAttrs::end}};
  bool operator==(const ShapeAttrs&) const = default;
};

enum class Reduction : uint8_t { none, add, mul, max, min };
constexpr auto names_of(Reduction) { return std::to_array<std::string_view>({"none", "add", "mul", "max", "min"}); }
struct ScatterAttrs {  // scatter_elements, scatter_nd, gather_nd (batch_dims)
  int64_t axis = 0;
  int64_t batch_dims = 0;
  Reduction reduction = Reduction::none;
  static constexpr auto fields = std::tuple{Field{"axis", &ScatterAttrs::axis}, Field{"batch_dims", &ScatterAttrs::batch_dims},
                                            Field{"reduction", &ScatterAttrs::reduction}};
  bool operator==(const ScatterAttrs&) const = default;
};

struct TopKAttrs {
  int64_t axis = -1;
  bool largest = true;
  bool sorted = true;
  static constexpr auto fields = std::tuple{Field{"axis", &TopKAttrs::axis}, Field{"largest", &TopKAttrs::largest},
                                            Field{"sorted", &TopKAttrs::sorted}};
  bool operator==(const TopKAttrs&) const = default;
};

struct CumSumAttrs {
  bool exclusive = false;
  bool reverse = false;
  static constexpr auto fields = std::tuple{Field{"exclusive", &CumSumAttrs::exclusive}, Field{"reverse", &CumSumAttrs::reverse}};
  bool operator==(const CumSumAttrs&) const = default;
};

enum class DepthOrder : uint8_t { dcr, crd };
constexpr auto names_of(DepthOrder) { return std::to_array<std::string_view>({"dcr", "crd"}); }
struct BlockAttrs {  // depth_to_space, space_to_depth
  int64_t block = 1;
  DepthOrder order = DepthOrder::dcr;
  static constexpr auto fields = std::tuple{Field{"block", &BlockAttrs::block}, Field{"order", &BlockAttrs::order}};
  bool operator==(const BlockAttrs&) const = default;
};

// mod (flag: C fmod), bit_shift (flag: left), trilu (flag: upper), is_inf (flag: detect +Inf, other: detect -Inf),
// non_max_suppression (flag: boxes are centre and size).
struct FlagAttrs {
  bool flag = false;
  bool other = false;
  static constexpr auto fields = std::tuple{Field{"flag", &FlagAttrs::flag}, Field{"other", &FlagAttrs::other}};
  bool operator==(const FlagAttrs&) const = default;
};

struct EyeAttrs {
  DType to = DType::f32;
  int64_t k = 0;
  static constexpr auto fields = std::tuple{Field{"to", &EyeAttrs::to}, Field{"k", &EyeAttrs::k}};
  bool operator==(const EyeAttrs&) const = default;
};

struct EinsumAttrs {
  std::string equation;
  static constexpr auto fields = std::tuple{Field{"equation", &EinsumAttrs::equation}};
  bool operator==(const EinsumAttrs&) const = default;
};

enum class GridMode : uint8_t { linear, nearest, cubic };
constexpr auto names_of(GridMode) { return std::to_array<std::string_view>({"linear", "nearest", "cubic"}); }
enum class GridPadding : uint8_t { zeros, border, reflection };
constexpr auto names_of(GridPadding) { return std::to_array<std::string_view>({"zeros", "border", "reflection"}); }
struct GridAttrs {
  GridMode mode = GridMode::linear;
  GridPadding padding = GridPadding::zeros;
  bool align_corners = false;
  static constexpr auto fields = std::tuple{Field{"mode", &GridAttrs::mode}, Field{"padding", &GridAttrs::padding},
                                            Field{"align_corners", &GridAttrs::align_corners}};
  bool operator==(const GridAttrs&) const = default;
};

struct SequenceAttrs {  // reverse_sequence
  int64_t batch_axis = 1;
  int64_t time_axis = 0;
  static constexpr auto fields = std::tuple{Field{"batch_axis", &SequenceAttrs::batch_axis}, Field{"time_axis", &SequenceAttrs::time_axis}};
  bool operator==(const SequenceAttrs&) const = default;
};

struct RoiAttrs {  // roi_align: the mean of samples in each of height x width bins
  int64_t height = 1;
  int64_t width = 1;
  int64_t sampling = 0;  // samples along each axis of a bin; 0: as many as it has pixels
  float scale = 1;
  bool half_pixel = true;
  static constexpr auto fields = std::tuple{Field{"height", &RoiAttrs::height}, Field{"width", &RoiAttrs::width},
                                            Field{"sampling", &RoiAttrs::sampling}, Field{"scale", &RoiAttrs::scale},
                                            Field{"half_pixel", &RoiAttrs::half_pixel}};
  bool operator==(const RoiAttrs&) const = default;
};

enum class RnnDirection : uint8_t { forward, reverse, bidirectional };
constexpr auto names_of(RnnDirection) { return std::to_array<std::string_view>({"forward", "reverse", "bidirectional"}); }
enum class RnnFunction : uint8_t { sigmoid, tanh, relu, affine, leaky_relu, thresholded_relu, scaled_tanh, hard_sigmoid, elu, softsign, softplus };
constexpr auto names_of(RnnFunction) {
  return std::to_array<std::string_view>({"sigmoid", "tanh", "relu", "affine", "leaky_relu", "thresholded_relu",
                                          "scaled_tanh", "hard_sigmoid", "elu", "softsign", "softplus"});
}
struct RnnAttrs {  // rnn, gru, lstm
  int64_t hidden = 0;
  RnnDirection direction = RnnDirection::forward;
  std::vector<RnnFunction> functions;  // empty: the operator's defaults
  std::vector<float> alpha;            // one per function, where it takes one
  std::vector<float> beta;
  float clip = 0;                      // 0: none
  bool batch_first = false;            // ONNX layout = 1
  bool linear_before_reset = false;
  bool input_forget = false;
  static constexpr auto fields = std::tuple{
      Field{"hidden", &RnnAttrs::hidden}, Field{"direction", &RnnAttrs::direction},
      Field{"functions", &RnnAttrs::functions}, Field{"alpha", &RnnAttrs::alpha}, Field{"beta", &RnnAttrs::beta},
      Field{"clip", &RnnAttrs::clip}, Field{"batch_first", &RnnAttrs::batch_first},
      Field{"linear_before_reset", &RnnAttrs::linear_before_reset}, Field{"input_forget", &RnnAttrs::input_forget}};
  bool operator==(const RnnAttrs&) const = default;
};

// A nested graph. What it takes from outside arrives as inputs of the node (closures are converted on import), so a
// nested graph refers to nothing but itself.
using GraphRef = std::shared_ptr<const Graph>;
bool same_graph(const GraphRef& a, const GraphRef& b);

struct IfAttrs {  // inputs: condition, then the inputs that both branches take
  GraphRef then_graph;
  GraphRef else_graph;
  static constexpr auto fields = std::tuple{Field{"then", &IfAttrs::then_graph}, Field{"else", &IfAttrs::else_graph}};
  bool operator==(const IfAttrs& o) const {
    return same_graph(then_graph, o.then_graph) && same_graph(else_graph, o.else_graph);
  }
};

struct LoopAttrs {  // inputs: trip count, condition, carried values, then captured values. Scan is imported as a loop.
  GraphRef body;
  int64_t carried = 0;
  static constexpr auto fields = std::tuple{Field{"body", &LoopAttrs::body}, Field{"carried", &LoopAttrs::carried}};
  bool operator==(const LoopAttrs& o) const { return carried == o.carried && same_graph(body, o.body); }
};

// quantize, dequantize: axis and group as in Granularity, `to` the storage type (quantize) or f32.
struct QuantizeAttrs {
  int64_t axis = -1;
  int64_t group = 0;
  DType to = DType::u8;
  static constexpr auto fields = std::tuple{Field{"axis", &QuantizeAttrs::axis}, Field{"group", &QuantizeAttrs::group},
                                            Field{"to", &QuantizeAttrs::to}};
  bool operator==(const QuantizeAttrs&) const = default;
};

enum class RangeAxis : uint8_t { tensor, sample, token };
constexpr auto names_of(RangeAxis) { return std::to_array<std::string_view>({"tensor", "sample", "token"}); }
struct DynamicQuantizeAttrs {
  DType to = DType::u4;
  RangeAxis per = RangeAxis::sample;
  float clip = 1;  // the range's share that is kept
  static constexpr auto fields = std::tuple{Field{"to", &DynamicQuantizeAttrs::to}, Field{"per", &DynamicQuantizeAttrs::per},
                                            Field{"clip", &DynamicQuantizeAttrs::clip}};
  bool operator==(const DynamicQuantizeAttrs&) const = default;
};

using Attrs = std::variant<NoAttrs, ConvAttrs, LinearAttrs, ActAttrs, PoolAttrs, AxisAttrs, ReduceAttrs, ArgAttrs,
                           PermAttrs, CastAttrs, UnaryAttrs, NormAttrs, LrnAttrs, GemmAttrs, ResizeAttrs, PadAttrs,
                           ReshapeAttrs, ShapeAttrs, ScatterAttrs, TopKAttrs, CumSumAttrs, BlockAttrs, FlagAttrs,
                           EyeAttrs, EinsumAttrs, GridAttrs, SequenceAttrs, RoiAttrs, RnnAttrs, IfAttrs, LoopAttrs, QuantizeAttrs,
                           DynamicQuantizeAttrs>;

// clang-format on

// The attribute struct of each operator, with its defaults.
Attrs default_attrs(OpKind kind);

// Calls f(name, member&) for each attribute of whichever struct `attrs` holds.
template <class AttrsRef, class F>
void visit_fields(AttrsRef&& attrs, F f) {
  std::visit(
      [&](auto& held) {
        std::apply([&](const auto&... field) { (f(field.name, held.*field.member), ...); },
                   std::remove_cvref_t<decltype(held)>::fields);
      },
      attrs);
}

}  // namespace dsq
