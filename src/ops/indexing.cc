// Shape inference of operators that select by index.
#include <algorithm>

#include "src/ops/infer_fns.h"

namespace dsq::infer {
namespace {

// Constant indices that lie outside the axis can be told before anything runs.
Result<void> check_indices(const InferContext& c, int64_t axis_size) {
  const Tensor* indices = c.constant(1);
  if (indices == nullptr || axis_size == kUnknown) {
    return {};
  }
  for (const int64_t index : to_ints(*indices)) {
    if (index < -axis_size || index >= axis_size) {
      return fail(Code::shape_mismatch, "index {} is outside an axis of size {}", index, axis_size);
    }
  }
  return {};
}

}  // namespace

Result<void> require_ints(const InferContext& c, size_t first, size_t last) {
  for (size_t i = first; i < last; ++i) {
    if (c.has(i) && c.dtype(i) != DType::i64 && c.dtype(i) != DType::i32) {
      return fail(Code::type_mismatch, "input {} is {}, not i32 or i64", i, name_of(c.dtype(i)));
    }
  }
  return {};
}

Result<void> gather(InferContext& c) {
  DSQ_TRY(require_ints(c, 1, 2));
  const Shape* data = c.shape(0);
  const Shape* indices = c.shape(1);
  std::optional<Shape> out;
  if (data != nullptr) {
    const int64_t axis = DSQ_TRY(normalize_axis(c.attrs<AxisAttrs>().axis, static_cast<int64_t>(data->size())));
    DSQ_TRY(check_indices(c, (*data)[static_cast<size_t>(axis)]));
    if (indices != nullptr) {
      out = Shape(data->begin(), data->begin() + axis);
      out->insert(out->end(), indices->begin(), indices->end());
      out->insert(out->end(), data->begin() + axis + 1, data->end());
      const Ints* from = c.ints(0);
      const Ints* which = c.known_ints(1);
      if (from != nullptr && which != nullptr && data->size() == 1) {
        Ints picked;
        for (const int64_t index : *which) {
          const int64_t i = DSQ_TRY(normalize_axis(index, static_cast<int64_t>(from->size())));
          picked.push_back((*from)[static_cast<size_t>(i)]);
        }
        c.set_ints(0, std::move(picked));
      }
    }
  }
  c.set(0, c.dtype(0), std::move(out));
  return {};
}

Result<void> gather_elements(InferContext& c) {
  DSQ_TRY(require_ints(c, 1, 2));
  if (c.shape(0) != nullptr && c.shape(1) != nullptr && c.shape(0)->size() != c.shape(1)->size()) {
    return fail(Code::shape_mismatch, "data {} and indices {} have different ranks", text_of(*c.shape(0)),
                text_of(*c.shape(1)));
  }
  if (c.shape(0) != nullptr) {
    const int64_t axis = DSQ_TRY(normalize_axis(c.attrs<AxisAttrs>().axis, static_cast<int64_t>(c.shape(0)->size())));
    DSQ_TRY(check_indices(c, (*c.shape(0))[static_cast<size_t>(axis)]));
  }
  c.set(0, c.dtype(0), c.type(1).shape);
  return {};
}

Result<void> gather_nd(InferContext& c) {
  DSQ_TRY(require_ints(c, 1, 2));
  const Shape* data = c.shape(0);
  const Shape* indices = c.shape(1);
  std::optional<Shape> out;
  if (data != nullptr && indices != nullptr && !indices->empty() && indices->back() != kUnknown) {
    const int64_t batch = c.attrs<ScatterAttrs>().batch_dims;
    const int64_t depth = indices->back();
    if (batch < 0 || depth < 1 || batch + depth > static_cast<int64_t>(data->size()) ||
        batch >= static_cast<int64_t>(indices->size())) {
      return fail(Code::shape_mismatch, "indices {} do not fit {}", text_of(*indices), text_of(*data));
    }
    out = Shape(indices->begin(), indices->end() - 1);
    out->insert(out->end(), data->begin() + batch + depth, data->end());
  }
  c.set(0, c.dtype(0), std::move(out));
  return {};
}

Result<void> scatter(InferContext& c) {
  DSQ_TRY(require_ints(c, 1, 2));
  const Shape* data = c.shape(0);
  const Shape* indices = c.shape(1);
  if (data != nullptr && indices != nullptr) {
    if (c.node().op == OpKind::scatter_elements) {
      DSQ_TRY(normalize_axis(c.attrs<ScatterAttrs>().axis, static_cast<int64_t>(data->size())));
      if (indices->size() != data->size() || (c.shape(2) != nullptr && c.shape(2)->size() != data->size())) {
        return fail(Code::shape_mismatch, "indices {} do not fit {}", text_of(*indices), text_of(*data));
      }
    } else if (indices->empty() || indices->back() > static_cast<int64_t>(data->size())) {
      return fail(Code::shape_mismatch, "indices {} do not fit {}", text_of(*indices), text_of(*data));
    }
  }
  c.set(0, c.dtype(0), c.type(0).shape);
  return {};
}

Result<void> one_hot(InferContext& c) {  // indices, depth, values
  if (c.shape(2) != nullptr && *c.shape(2) != Shape{2} && *c.shape(2) != Shape{kUnknown}) {
    return fail(Code::shape_mismatch, "values {} are not two, off and on", text_of(*c.shape(2)));
  }
  std::optional<Shape> out;
  if (c.shape(0) != nullptr) {
    out = *c.shape(0);
    const int64_t axis = DSQ_TRY(normalize_axis(c.attrs<AxisAttrs>().axis, static_cast<int64_t>(out->size()) + 1));
    int64_t depth = kUnknown;
    if (c.constant(1) != nullptr && c.constant(1)->count() == 1) {
      depth = static_cast<int64_t>(element(*c.constant(1), 0));
      if (depth < 1) {
        return fail(Code::shape_mismatch, "depth {}", depth);
      }
    }
    out->insert(out->begin() + axis, depth);
  }
  c.set(0, c.dtype(2), std::move(out));
  return {};
}

Result<void> nonzero(InferContext& c) {
  const int64_t rank = c.shape(0) == nullptr ? kUnknown : static_cast<int64_t>(c.shape(0)->size());
  c.set(0, DType::i64, Shape{rank, kUnknown});
  return {};
}

Result<void> compress(InferContext& c) {
  std::optional<Shape> out;
  const int64_t axis = c.attrs<AxisAttrs>().axis;
  if (axis == INT64_MIN) {  // no axis: the input is flattened
    out = Shape{kUnknown};
  } else if (c.shape(0) != nullptr) {
    out = *c.shape(0);
    (*out)[static_cast<size_t>(DSQ_TRY(normalize_axis(axis, static_cast<int64_t>(out->size()))))] = kUnknown;
  }
  c.set(0, c.dtype(0), std::move(out));
  return {};
}

Result<void> non_max_suppression(InferContext& c) {
  const Shape* boxes = c.shape(0);
  const Shape* scores = c.shape(1);
  if ((boxes != nullptr && boxes->size() != 3) || (scores != nullptr && scores->size() != 3)) {
    return fail(Code::shape_mismatch, "boxes and scores must have rank 3");
  }
  c.set(0, DType::i64, Shape{kUnknown, 3});
  return {};
}

}  // namespace dsq::infer
