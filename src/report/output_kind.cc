#include "src/report/output_kind.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <utility>
#include <vector>

#include "src/report/rows.h"

namespace dsq {
namespace {

constexpr auto kNames = std::to_array<std::pair<OutputKind, std::string_view>>({{OutputKind::scores, "scores"},
                                                                                {OutputKind::text, "text"},
                                                                                {OutputKind::mask, "mask"},
                                                                                {OutputKind::embedding, "embedding"},
                                                                                {OutputKind::other, "other"}});

constexpr int64_t kRows = 1024;  // are looked at
constexpr int64_t kFewClasses = 64;
constexpr int64_t kFeatures = 16;

// The operator that gives the output, behind those that only move or convert its numbers.
struct End {
  const Node* node = nullptr;
  bool moved = false;  // its axes are not those of the output
};

End end_of(const Graph& graph, ValueId output) {
  using enum OpKind;
  End end;
  for (ValueId at = output; graph.value(at).producer != NodeId::none;) {
    end.node = &graph.node(graph.value(at).producer);
    const OpKind op = end.node->op;
    const bool moves = op == reshape || op == transpose || op == squeeze || op == unsqueeze;
    if (!moves && op != identity && op != cast && op != dequantize) {
      break;
    }
    end.moved = end.moved || moves;
    at = end.node->inputs[0];
  }
  return end;
}

// What a layer has of an activation in itself.
ActKind act_of(const Node& node) {
  return std::visit(
      [](const auto& attrs) {
        if constexpr (requires { attrs.act; }) {
          return attrs.act;
        } else {
          return ActKind::none;
        }
      },
      node.attrs);
}

bool is_sigmoid(const Node& node) {
  using enum OpKind;
  const ActKind act = act_of(node);
  return node.op == sigmoid || node.op == hard_sigmoid || act == ActKind::sigmoid || act == ActKind::hard_sigmoid;
}

// Whether the mean of the greatest probability is more than features of unit variance give: .1 of 64, .024 of 512, .015
// of 1000.
bool is_sharp(double top, int64_t classes) {
  return top >=
         std::max(2.0 / static_cast<double>(classes), std::clamp(50.0 / static_cast<double>(classes), 0.05, 0.2));
}

bool gives_scores(const Node& node) {
  using enum OpKind;
  const OpKind op = node.op;
  if (act_of(node) != ActKind::none) {
    return false;
  }
  return op == linear || op == gemm || op == matmul || op == add || op == conv || op == conv_transpose ||
         op == resize || op == einsum || op == reduce_mean || op == avg_pool;
}

// What the rows along an axis are like.
struct Look {
  int64_t rows = 0;
  bool within_one = true;  // all numbers in [0, 1]
  bool sums_to_one = true;
  bool unit_length = true;
  double decided = 0;  // share of numbers within 0.1 of 0 or 1
  double top = 0;      // mean of the greatest probability, of the softmax
  std::vector<int64_t> choices;
};

Look look_at(const Rows& rows) {
  Look look;
  const int64_t all = rows.samples() * rows.positions();
  const int64_t step = std::max<int64_t>(1, all / kRows);
  int64_t numbers = 0;
  for (int64_t at = 0; at < all; at += step) {
    const std::span<const float> row = rows.row(at / rows.positions(), at % rows.positions());
    double sum = 0;
    double square = 0;
    const int64_t choice = choice_of(row);
    double scale = 0;
    for (const float x : row) {
      look.within_one = look.within_one && x >= -1e-6F && x <= 1 + 1e-4F;
      look.decided += x < 0.1F || x > 0.9F ? 1 : 0;
      sum += x;
      square += static_cast<double>(x) * x;
      scale += choice < 0 ? 0 : std::exp(static_cast<double>(x) - row[static_cast<size_t>(choice)]);
      ++numbers;
    }
    look.sums_to_one = look.sums_to_one && std::abs(sum - 1) < 5e-3;
    look.unit_length = look.unit_length && std::abs(square - 1) < 1e-2;
    look.top += scale > 0 ? 1 / scale : 0;
    look.choices.push_back(choice);
    ++look.rows;
  }
  look.decided /= static_cast<double>(std::max<int64_t>(numbers, 1));
  look.top /= static_cast<double>(std::max<int64_t>(look.rows, 1));
  return look;
}

bool choices_differ(const Look& look) {
  return look.rows < 4 || std::ranges::any_of(look.choices, [&](int64_t c) { return c != look.choices.front(); });
}

// Where classes or features usually lie: behind the samples of maps, last otherwise.
std::optional<int64_t> usual_axis(const Shape& shape) {
  const auto rank = static_cast<int64_t>(shape.size());
  if (rank < 2) {
    return std::nullopt;
  }
  return rank >= 4 ? 1 : rank - 1;
}

// A map of as many channels as a picture that the network takes.
bool is_picture(const Graph& graph, const Shape& shape) {
  return shape.size() == 4 && shape[1] <= 4 && std::ranges::any_of(graph.inputs(), [&](ValueId id) {
           const std::optional<Shape>& in = graph.value(id).type.shape;
           return in && in->size() == 4 && (*in)[1] == shape[1];
         });
}

bool takes_floats(const Graph& graph) {
  return std::ranges::all_of(graph.inputs(), [&](ValueId id) { return is_float(graph.value(id).type.dtype); });
}

// The most common choice, where it is the first or last class and a quarter of all.
std::optional<int64_t> blank_of(const Look& look, int64_t classes) {
  std::map<int64_t, int64_t> count;
  int64_t most = 0;
  for (const int64_t choice : look.choices) {
    most = std::max(most, ++count[choice]);
  }
  for (const int64_t each : {int64_t{0}, classes - 1}) {
    if (count[each] == most && most * 4 >= look.rows) {
      return each;
    }
  }
  return std::nullopt;
}

// Class scores, or a text.
OutputReading scores_at(const Graph& graph, const Shape& shape, int64_t axis, const Look& look, bool probabilities,
                        std::optional<OutputKind> told) {
  OutputReading reading{OutputKind::scores, axis, probabilities, 0};
  const int64_t classes = shape[static_cast<size_t>(axis)];
  const std::optional<int64_t> blank = blank_of(look, classes);
  reading.blank = blank.value_or(0);
  const bool sequence = shape.size() == 3 && axis == 2 && shape[1] > 1;
  const bool text = sequence && classes >= 3 && blank && takes_floats(graph) && choices_differ(look);
  reading.kind = told.value_or(text ? OutputKind::text : OutputKind::scores);
  return reading;
}

std::optional<int64_t> softmax_axis(const End& end, int64_t rank) {
  if (end.node == nullptr || end.moved || (end.node->op != OpKind::softmax && end.node->op != OpKind::log_softmax)) {
    return std::nullopt;
  }
  const int64_t axis = end.node->as<AxisAttrs>().axis;
  return axis < 0 ? axis + rank : axis;
}

OutputReading of_told(OutputKind told, const Graph& graph, const Tensor& value, int64_t samples, const End& end) {
  OutputReading reading{told, std::nullopt, false, 0};
  if (told == OutputKind::mask || told == OutputKind::other) {
    return reading;
  }
  std::optional<int64_t> axis = softmax_axis(end, value.rank());
  axis = axis ? axis : usual_axis(value.shape());
  if (!axis) {
    return {};
  }
  if (told == OutputKind::embedding) {
    reading.axis = axis;
    return reading;
  }
  const Look look = look_at(Rows(value, samples, axis));
  return scores_at(graph, value.shape(), *axis, look, look.within_one && look.sums_to_one, told);
}

}  // namespace

std::string_view name_of(OutputKind kind) {
  return std::ranges::find(kNames, kind, &std::pair<OutputKind, std::string_view>::first)->second;
}

std::optional<OutputKind> output_kind_from(std::string_view name) {
  for (const auto& [kind, known] : kNames) {
    if (known == name) {
      return kind;
    }
  }
  return std::nullopt;
}

OutputReading reading_of(const Graph& graph, ValueId output, const Tensor& value, int64_t samples,
                         std::optional<OutputKind> told) {
  if (!is_float(value.dtype()) || value.count() == 0) {
    return {};
  }
  const Shape& shape = value.shape();
  const End end = end_of(graph, output);
  if (told) {
    return of_told(*told, graph, value, samples, end);
  }
  if (const std::optional<int64_t> axis = softmax_axis(end, value.rank());
      axis && shape[static_cast<size_t>(*axis)] > 1) {
    return scores_at(graph, shape, *axis, look_at(Rows(value, samples, axis)), end.node->op == OpKind::softmax, {});
  }
  const Look whole = look_at(Rows(value, samples, std::nullopt));
  const bool one_channel = (shape.size() == 4 && shape[1] == 1) || (shape.size() == 3 && shape[0] == samples);
  if (end.node != nullptr && shape.size() >= 2 && whole.within_one &&
      (is_sigmoid(*end.node) || (one_channel && whole.decided >= 0.8))) {
    return {OutputKind::mask, std::nullopt, false, 0};
  }
  for (const int64_t axis : {static_cast<int64_t>(shape.size()) - 1, int64_t{1}}) {
    if (axis < 1 || axis >= static_cast<int64_t>(shape.size()) || shape[static_cast<size_t>(axis)] < 2) {
      continue;
    }
    const Look look = look_at(Rows(value, samples, axis));
    if (look.within_one && look.sums_to_one) {
      return scores_at(graph, shape, axis, look, true, {});
    }
  }
  const std::optional<int64_t> axis = usual_axis(shape);
  if (!axis || end.node == nullptr || is_picture(graph, shape)) {
    return {};
  }
  const int64_t length = shape[static_cast<size_t>(*axis)];
  const Look look = look_at(Rows(value, samples, axis));
  const bool sharp = is_sharp(look.top, length) && choices_differ(look);
  if (length >= 2 && gives_scores(*end.node) && !look.unit_length &&
      (sharp || (shape.size() == 2 && length < kFewClasses && length > 2))) {
    return scores_at(graph, shape, *axis, look, false, {});
  }
  if (look.unit_length || (length >= kFeatures && shape.size() <= 3)) {
    return {OutputKind::embedding, axis, false, 0};
  }
  return {};
}

}  // namespace dsq
