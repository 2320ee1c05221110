#include "src/data/dataset.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <optional>

#include "src/support/strings.h"

namespace dsq {
namespace {

std::string expectation(const Graph& graph) {
  std::string out;
  for (const ValueId id : graph.inputs()) {
    out += (out.empty() ? "" : ", ") + ("'" + graph.value(id).name + "' " + text_of(graph.value(id).type));
  }
  return out;
}

template <class To>
Tensor converted(const Tensor& tensor, const std::vector<To>& values) {
  return Tensor::of<To>(tensor.shape(), std::span<const To>(values));
}

// The array in the type that the input asks for: floats among floats, integers among integers where they fit.
Result<Tensor> as_type(const Tensor& tensor, DType wanted) {
  const auto mismatch = [&] {
    return fail(Code::data_mismatch, "its elements are {}, the model expects {}", name_of(tensor.dtype()),
                name_of(wanted));
  };
  if (tensor.dtype() == wanted) {
    return tensor;
  }
  if (is_float(tensor.dtype()) && wanted == DType::f32) {
    return converted(tensor, to_floats(tensor));
  }
  if (is_float(tensor.dtype()) && wanted == DType::f64) {
    const std::vector<float> floats = to_floats(tensor);
    return converted(tensor, std::vector<double>(floats.begin(), floats.end()));
  }
  if (!is_integer(tensor.dtype()) || (wanted != DType::i64 && wanted != DType::i32)) {
    return mismatch();
  }
  const std::vector<int64_t> ints = to_ints(tensor);
  if (wanted == DType::i64) {
    return converted(tensor, ints);
  }
  if (std::ranges::any_of(ints, [](int64_t v) { return v != static_cast<int32_t>(v); })) {
    return mismatch();
  }
  return converted(tensor, std::vector<int32_t>(ints.begin(), ints.end()));
}

Result<void> check_finite(const Tensor& tensor, int64_t rows) {
  if (tensor.dtype() != DType::f32) {
    return {};
  }
  const std::span<const float> values = tensor.values<float>();
  const auto bad = std::ranges::find_if(values, [](float v) { return !std::isfinite(v); });
  if (bad == values.end()) {
    return {};
  }
  const auto per_row = static_cast<int64_t>(values.size()) / std::max<int64_t>(rows, 1);
  return fail(Code::data_not_finite, "sample {} holds {}", (bad - values.begin()) / std::max<int64_t>(per_row, 1),
              *bad);
}

bool fits(const Shape& array, const Shape& wanted, size_t first) {
  if (array.size() != wanted.size()) {
    return false;
  }
  for (size_t d = first; d < array.size(); ++d) {
    if (wanted[d] != kUnknown && wanted[d] != array[d]) {
      return false;
    }
  }
  return true;
}

}  // namespace

Result<Dataset> Dataset::make(const Graph& graph, std::vector<std::pair<std::string, Tensor>> arrays,
                              Diagnostics& diagnostics) {
  if (arrays.size() == 1 && arrays[0].first.empty() && graph.inputs().size() == 1) {
    arrays[0].first = graph.value(graph.inputs()[0]).name;
  }
  std::vector<std::string> names;
  for (const auto& [name, array] : arrays) {
    names.push_back(name);
  }
  Dataset data;
  bool any_open = false;               // an input whose first dimension the model leaves open
  std::optional<int64_t> fixed_first;  // the first dimension of the first input that has one
  for (const ValueId id : graph.inputs()) {
    const Value& value = graph.value(id);
    const auto found = std::ranges::find(names, value.name);
    if (found == names.end()) {
      const std::string near = nearest(value.name, names);
      return fail(Code::data_mismatch, "no array is named '{}'{}", value.name,
                  near.empty() ? "" : "; nearest is '" + near + "'")
          .hint("the model expects " + expectation(graph));
    }
    Result<Tensor> array = as_type(arrays[static_cast<size_t>(found - names.begin())].second, value.type.dtype);
    if (!array) {
      return std::move(array).error().at("array '" + value.name + "'");
    }
    if (array->dtype() != arrays[static_cast<size_t>(found - names.begin())].second.dtype()) {
      diagnostics.note("array '" + value.name + "'", fmt::format("converted to {}", name_of(array->dtype())));
    }
    any_open = any_open || (value.type.shape && !value.type.shape->empty() && value.type.shape->front() == kUnknown);
    if (!fixed_first && value.type.shape && !value.type.shape->empty()) {
      fixed_first = value.type.shape->front();
    }
    data.inputs_.push_back({std::move(*array), false, 1});
  }
  for (const std::string& name : names) {
    if (std::ranges::none_of(graph.inputs(), [&](ValueId id) { return graph.value(id).name == name; })) {
      return fail(Code::data_mismatch, "the model has no input '{}'", name)
          .hint("the model expects " + expectation(graph));
    }
  }
  for (size_t i = 0; i < data.inputs_.size(); ++i) {
    Input& input = data.inputs_[i];
    const Value& value = graph.value(graph.inputs()[i]);
    const Shape& shape = input.array.shape();
    if (!value.type.shape) {
      input.shared = shape.empty();
    } else {
      const Shape& wanted = *value.type.shape;
      const bool exact = fits(shape, wanted, 0);
      if (!fits(shape, wanted, 1) && !exact) {
        return fail(Code::data_mismatch, "its shape is {}, the model expects {}", text_of(shape), text_of(value.type))
            .at("array '" + value.name + "'");
      }
      const int64_t first = wanted.empty() ? 1 : wanted.front();
      // Where all is fixed, the first input counts the samples and what has another size (a state) goes with each.
      input.shared = wanted.empty() || (any_open ? first != kUnknown : first != *fixed_first);
      if (input.shared && !exact) {
        return fail(Code::data_mismatch, "its shape is {}, the model expects {}", text_of(shape), text_of(value.type))
            .at("array '" + value.name + "'");
      }
      if (!input.shared && first != kUnknown) {
        data.fixed_batch_ = std::max(data.fixed_batch_, first);
      }
    }
    DSQ_TRY([&]() -> Result<void> {
      Result<void> finite = check_finite(input.array, input.shared ? 1 : shape.front());
      return finite ? finite : std::move(finite).error().at("array '" + value.name + "'");
    }());
    if (input.shared) {
      continue;
    }
    if (data.size_ != 0 && shape.front() != data.size_) {
      return fail(Code::data_mismatch, "it has {} samples, another array has {}", shape.front(), data.size_)
          .at("array '" + value.name + "'");
    }
    data.size_ = shape.front();
  }
  // A state whose open axis is as long as there are samples holds one entry for each: they are not cut apart.
  for (size_t i = 0; i < data.inputs_.size(); ++i) {
    const std::optional<Shape>& wanted = graph.value(graph.inputs()[i]).type.shape;
    for (size_t axis = 1; data.inputs_[i].shared && wanted && axis < wanted->size(); ++axis) {
      if ((*wanted)[axis] == kUnknown && data.inputs_[i].array.shape()[axis] == data.size_) {
        data.together_ = true;
      }
    }
  }
  const bool all_shared = std::ranges::all_of(data.inputs_, &Input::shared);
  data.size_ = all_shared ? 1 : data.size_;
  if (data.size_ == 0) {
    return fail(Code::data_mismatch, "the arrays hold no samples");
  }
  if (data.fixed_batch_ > 1 && data.size_ % data.fixed_batch_ != 0) {
    return fail(Code::data_mismatch, "{} samples are not a multiple of the model's batch of {}", data.size_,
                data.fixed_batch_);
  }
  return data;
}

Dataset Dataset::first(int64_t count) const {
  Dataset less = *this;
  if (together_) {
    return less;
  }
  less.size_ = std::min(size_, fixed_batch_ > 0 ? std::max(count / fixed_batch_, int64_t{1}) * fixed_batch_ : count);
  return less;
}

std::vector<Tensor> Dataset::batch(int64_t first, int64_t count) const {
  std::vector<Tensor> out;
  for (const Input& input : inputs_) {
    if (input.shared) {
      out.push_back(input.array);
      continue;
    }
    Shape shape = input.array.shape();
    shape.front() = count;
    Tensor cut(input.array.dtype(), shape);
    const size_t row =
        input.array.bytes().size() / static_cast<size_t>(std::max<int64_t>(input.array.shape().front(), 1));
    std::memcpy(cut.mutable_bytes().data(), input.array.bytes().data() + static_cast<size_t>(first) * row,
                static_cast<size_t>(count) * row);
    out.push_back(std::move(cut));
  }
  return out;
}

Result<std::vector<Tensor>> join_batches(std::vector<std::vector<Tensor>> batches) {
  if (batches.size() == 1) {
    return std::move(batches[0]);
  }
  std::vector<Tensor> joined;
  for (size_t o = 0; o < batches[0].size(); ++o) {
    Shape shape = batches[0][o].shape();
    if (shape.empty()) {
      shape = {0};
    }
    shape.front() = 0;
    for (const std::vector<Tensor>& batch : batches) {
      const Shape& part = batch[o].shape();
      if (!part.empty() && !std::equal(part.begin() + 1, part.end(), shape.begin() + 1, shape.end())) {
        return fail(Code::run_failed, "output {} has the shapes {} and {} in different batches", o,
                    text_of(batches[0][o].shape()), text_of(part))
            .hint("run the samples one file at a time");
      }
      shape.front() += part.empty() ? 1 : part.front();
    }
    Tensor whole(batches[0][o].dtype(), shape);
    std::byte* to = whole.mutable_bytes().data();
    for (const std::vector<Tensor>& batch : batches) {
      to = std::ranges::copy(batch[o].bytes(), to).out;
    }
    joined.push_back(std::move(whole));
  }
  return joined;
}

}  // namespace dsq
