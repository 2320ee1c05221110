// Shape inference through nested graphs and recurrent layers.
#include <algorithm>

#include "src/ops/infer.h"
#include "src/ops/infer_fns.h"
#include "src/ops/limits.h"
#include "src/support/strings.h"

namespace dsq {

bool never_stops(const Graph& body) {
  ValueId go_on = body.outputs()[0];
  while (body.value(go_on).producer != NodeId::none && body.node(body.value(go_on).producer).op == OpKind::identity) {
    go_on = body.node(body.value(go_on).producer).inputs[0];
  }
  const Tensor* constant = body.constant(go_on);
  const bool is_true = constant != nullptr && constant->count() == 1 && element(*constant, 0) != 0;
  return is_true || (body.inputs().size() > 1 && go_on == body.inputs()[1]);
}

}  // namespace dsq

namespace dsq::infer {
namespace {

constexpr int kMaxRounds = 3;

// The output types of a nested graph, given the types of its inputs.
Result<std::vector<TensorType>> nested_types(const GraphRef& nested, const std::vector<TensorType>& inputs) {
  if (nested == nullptr || nested->inputs().size() != inputs.size()) {
    return fail(Code::graph_invalid, "a nested graph gets {} and takes another number", plural(inputs.size(), "input"));
  }
  Graph copy = *nested;
  for (size_t i = 0; i < inputs.size(); ++i) {
    copy.set_type(copy.inputs()[i], inputs[i]);
  }
  DSQ_TRY(infer_types(copy));
  std::vector<TensorType> types;
  for (const ValueId id : copy.outputs()) {
    types.push_back(copy.value(id).type);
  }
  return types;
}

// What two branches, or two rounds of a loop, agree on.
Result<TensorType> merge(const TensorType& a, const TensorType& b) {
  if (a.dtype != b.dtype) {
    return fail(Code::type_mismatch, "branches give {} and {}", name_of(a.dtype), name_of(b.dtype));
  }
  TensorType out = a;
  if (!a.shape || !b.shape || a.shape->size() != b.shape->size()) {
    out.shape.reset();
    return out;
  }
  for (size_t i = 0; i < a.shape->size(); ++i) {
    (*out.shape)[i] = (*a.shape)[i] == (*b.shape)[i] ? (*a.shape)[i] : kUnknown;
  }
  return out;
}

Result<void> check_condition(const InferContext& c, size_t i) {
  if (c.has(i) && c.dtype(i) != DType::boolean) {
    return fail(Code::type_mismatch, "the condition is {}, not bool", name_of(c.dtype(i)));
  }
  if (c.has(i) && c.shape(i) != nullptr && is_known(*c.shape(i)) && count_of(*c.shape(i)) != 1) {
    return fail(Code::shape_mismatch, "the condition is {}, one truth value expected", text_of(*c.shape(i)));
  }
  return {};
}

// Appends the types of what a nested graph is given: inputs from `first` on, none of which may be absent.
Result<void> add_passed(const InferContext& c, size_t first, std::vector<TensorType>& types) {
  for (size_t i = first; i < c.input_count(); ++i) {
    if (!c.has(i)) {
      return fail(Code::graph_invalid, "input {}, which its nested graph is given, is absent", i);
    }
    types.push_back(c.type(i));
  }
  return {};
}

}  // namespace

Result<void> if_else(InferContext& c) {
  const auto& attrs = c.attrs<IfAttrs>();
  DSQ_TRY(check_condition(c, 0));
  std::vector<TensorType> passed;
  DSQ_TRY(add_passed(c, 1, passed));
  // A branch that does not fit the shapes at hand cannot be taken, so the other one decides.
  Result<std::vector<TensorType>> then_branch = nested_types(attrs.then_graph, passed);
  Result<std::vector<TensorType>> else_branch = nested_types(attrs.else_graph, passed);
  if (!then_branch && !else_branch) {
    return std::move(then_branch).error();
  }
  const std::vector<TensorType>& then_types = then_branch ? *then_branch : *else_branch;
  const std::vector<TensorType>& else_types = else_branch ? *else_branch : *then_branch;
  if (then_types.size() != c.output_count() || else_types.size() != c.output_count()) {
    return fail(Code::graph_invalid, "the branches have {} and {} outputs, {} expected", then_types.size(),
                else_types.size(), c.output_count());
  }
  for (size_t i = 0; i < c.output_count(); ++i) {
    const TensorType type = DSQ_TRY(merge(then_types[i], else_types[i]));
    c.set(i, type.dtype, type.shape);
  }
  return {};
}

Result<void> loop(InferContext& c) {  // trip count, condition, carried..., captured...
  const auto& attrs = c.attrs<LoopAttrs>();
  const auto carried = static_cast<size_t>(attrs.carried);
  if (attrs.body == nullptr || attrs.carried < 0 || (carried > 0 && c.input_count() < 2 + carried) ||
      attrs.body->outputs().size() < 1 + std::max(carried, c.output_count())) {
    return fail(Code::graph_invalid, "the loop's body does not fit its inputs and outputs");
  }
  DSQ_TRY(check_condition(c, 1));
  if (c.has(0) && c.dtype(0) != DType::i64) {
    return fail(Code::type_mismatch, "the trip count is {}, not i64", name_of(c.dtype(0)));
  }
  const Tensor* trips = c.constant(0);
  const bool many = !c.has(0) || (trips != nullptr && trips->count() == 1 && element(*trips, 0) > kMaxLoopRounds);
  if (many && never_stops(*attrs.body)) {
    return fail(Code::graph_invalid, "the loop does not end: its condition is always true, and it may take {} rounds",
                c.has(0) ? fmt::to_string(element(*trips, 0)) : "any number of");
  }
  std::vector<TensorType> types = {{DType::i64, Shape{}}, {DType::boolean, Shape{}}};
  DSQ_TRY(add_passed(c, 2, types));
  // A carried value may change its shape from round to round: what changes in the first round is open in all. When
  // they do not settle, all are open altogether; loops within loops are inferred anew in each round, so rounds are few.
  std::vector<TensorType> out = DSQ_TRY(nested_types(attrs.body, types));
  if (out[0].dtype != DType::boolean) {
    return fail(Code::type_mismatch, "the body's condition is {}, not bool", name_of(out[0].dtype));
  }
  for (int round = 0; round < kMaxRounds; ++round) {
    bool stable = true;
    for (size_t i = 0; i < carried; ++i) {
      const TensorType merged = DSQ_TRY(merge(types[2 + i], out[1 + i]));
      stable = stable && merged == types[2 + i];
      types[2 + i] = merged;
    }
    if (stable) {
      break;
    }
    for (size_t i = 0; i < carried && round + 1 == kMaxRounds; ++i) {
      types[2 + i].shape.reset();
    }
    out = DSQ_TRY(nested_types(attrs.body, types));
  }
  for (size_t i = 0; i < c.output_count(); ++i) {
    TensorType type = i < carried ? types[2 + i] : out[1 + i];
    if (i >= carried && type.shape) {
      type.shape->insert(type.shape->begin(), kUnknown);  // one entry a round
    }
    c.set(i, type.dtype, type.shape);
  }
  return {};
}

Result<void> recurrent(InferContext& c) {  // x [T, B, I], w [D, G*H, I], r [D, G*H, H], ...
  const auto& attrs = c.attrs<RnnAttrs>();
  const Shape* x = c.shape(0);
  const Shape* w = c.shape(1);
  const Shape* r = c.shape(2);
  const int64_t gates = c.node().op == OpKind::lstm ? 4 : c.node().op == OpKind::gru ? 3 : 1;
  const int64_t directions = attrs.direction == RnnDirection::bidirectional ? 2 : 1;
  if (attrs.hidden < 1 || (x != nullptr && x->size() != 3)) {
    return fail(Code::shape_mismatch, "hidden size {} with an input that is not [time, batch, features]", attrs.hidden);
  }
  const bool w_fits = w == nullptr || (w->size() == 3 && (*w)[0] == directions && (*w)[1] == gates * attrs.hidden);
  const bool r_fits = r == nullptr || (r->size() == 3 && (*r)[0] == directions && (*r)[1] == gates * attrs.hidden &&
                                       (*r)[2] == attrs.hidden);
  if (!w_fits || !r_fits || (x != nullptr && w != nullptr && (*x)[2] != kUnknown && (*x)[2] != (*w)[2])) {
    return fail(Code::shape_mismatch, "weights do not fit {} directions of hidden size {}", directions, attrs.hidden);
  }
  const int64_t time = x == nullptr ? kUnknown : (*x)[attrs.batch_first ? 1 : 0];
  const int64_t batch = x == nullptr ? kUnknown : (*x)[attrs.batch_first ? 0 : 1];
  c.set(
      0, c.dtype(0),
      attrs.batch_first ? Shape{batch, time, directions, attrs.hidden} : Shape{time, directions, batch, attrs.hidden});
  for (size_t i = 1; i < c.output_count(); ++i) {
    c.set(i, c.dtype(0),
          attrs.batch_first ? Shape{batch, directions, attrs.hidden} : Shape{directions, batch, attrs.hidden});
  }
  return {};
}

}  // namespace dsq::infer
