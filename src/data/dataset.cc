#include "src/data/dataset.h"

#include <algorithm>
#include <numeric>
#include <optional>

#include "src/ir/beyond_f32.h"
#include "src/support/strings.h"

namespace dsq {
namespace {

constexpr int64_t kMostEmpty = int64_t{1} << 20;

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
  if (const std::optional<double> far = beyond_f32(tensor)) {
    return fail(Code::data_mismatch, "it holds {}, which is beyond the range of f32", *far);
  }
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

// Which of `names` serves each input, in the graph's order.
Result<std::vector<size_t>> match(const Graph& graph, const std::vector<std::string>& names) {
  std::vector<size_t> chosen;
  for (const ValueId id : graph.inputs()) {
    const std::string& wanted = graph.value(id).name;
    const auto found = std::ranges::find(names, wanted);
    if (found == names.end()) {
      const std::string near = nearest(wanted, names);
      return fail(Code::data_mismatch, "no array is named '{}'{}", wanted,
                  near.empty() ? "" : "; nearest is '" + near + "'")
          .hint("the model expects " + expectation(graph));
    }
    chosen.push_back(static_cast<size_t>(found - names.begin()));
  }
  for (const std::string& name : names) {
    if (std::ranges::none_of(graph.inputs(), [&](ValueId id) { return graph.value(id).name == name; })) {
      return fail(Code::data_mismatch, "the model has no input '{}'", name)
          .hint("the model expects " + expectation(graph));
    }
  }
  return chosen;
}

template <class Item>
std::vector<std::string> names_of(const Graph& graph, const std::vector<std::pair<std::string, Item>>& items) {
  if (items.size() == 1 && items[0].first.empty() && graph.inputs().size() == 1) {
    return {graph.value(graph.inputs()[0]).name};
  }
  std::vector<std::string> names;
  for (const auto& [name, item] : items) {
    names.push_back(name);
  }
  return names;
}

Error wrong_shape(const Tensor& tensor, const TensorType& wanted) {
  return fail(Code::data_mismatch, "its shape is {}, the model expects {}", text_of(tensor.shape()), text_of(wanted));
}

Result<void> check_finite(const Tensor& array, const std::string& where) {
  if (const std::optional<std::pair<int64_t, float>> bad = not_finite(array)) {
    return fail(Code::data_not_finite, "it holds {}", bad->second).at(where);
  }
  return {};
}

Result<void> check_divisible(int64_t samples, int64_t fixed_batch) {
  if (fixed_batch > 1 && samples % fixed_batch != 0) {
    return fail(Code::data_mismatch, "{} cannot be cut into batches of {}, which the model asks for",
                plural(samples, "sample"), fixed_batch)
        .hint(fmt::format("give a multiple of {} samples, or export the model with a dynamic batch", fixed_batch));
  }
  return {};
}

// Which inputs take the same array for every sample. Where all is fixed, the first input counts the samples and what has
// another size (a state) goes with each.
bool is_shared(const Graph& graph, const TensorType& wanted, const Shape& array) {
  if (!wanted.shape) {
    return array.empty();
  }
  bool any_open = false;
  std::optional<int64_t> fixed_first;  // the first dimension of the first input that has one
  for (const ValueId id : graph.inputs()) {
    const std::optional<Shape>& shape = graph.value(id).type.shape;
    if (shape && !shape->empty()) {
      any_open = any_open || shape->front() == kUnknown;
      fixed_first = fixed_first ? fixed_first : shape->front();
    }
  }
  const Shape& shape = *wanted.shape;
  return shape.empty() || (any_open ? shape.front() != kUnknown : shape.front() != *fixed_first);
}

}  // namespace

Result<Dataset> Dataset::make(const Graph& graph, std::vector<std::pair<std::string, Tensor>> arrays,
                              Diagnostics& diagnostics) {
  const std::vector<size_t> chosen = DSQ_TRY(match(graph, names_of(graph, arrays)));
  Dataset data;
  std::optional<int64_t> size;
  for (size_t i = 0; i < chosen.size(); ++i) {
    const Value& value = graph.value(graph.inputs()[i]);
    const std::string where = "array '" + value.name + "'";
    const Tensor& given = arrays[chosen[i]].second;
    Result<Tensor> converted = as_type(given, value.type.dtype);
    if (!converted) {
      return std::move(converted).error().at(where);
    }
    if (converted->dtype() != given.dtype()) {
      diagnostics.note(where, fmt::format("converted to {}", name_of(converted->dtype())));
    }
    const Tensor array = std::move(*converted);
    const Shape& shape = array.shape();
    const bool shared = is_shared(graph, value.type, shape);
    if (value.type.shape && !fits(shape, *value.type.shape, shared ? 0 : 1)) {
      return wrong_shape(array, value.type).at(where);
    }
    data.inputs_.push_back({value.name, value.type, array, nullptr});
    if (shared) {
      DSQ_TRY(check_finite(array, where));
      continue;
    }
    if (value.type.shape && value.type.shape->front() != kUnknown) {
      data.fixed_batch_ = std::max(data.fixed_batch_, value.type.shape->front());
    }
    const bool is_open = !value.type.shape || value.type.shape->front() == kUnknown;
    if (size && shape.front() != *size && is_open) {  // regions, boxes: its first axis counts something of its own
      DSQ_TRY(check_finite(array, where));
      diagnostics.note(where, fmt::format("it has {} rows for {} samples, so all run at once", shape.front(), *size));
      data.together_ = true;
      continue;
    }
    if (size && shape.front() != *size) {
      return fail(Code::data_mismatch, "it has {}, another array has {}", plural(shape.front(), "sample"), *size)
          .at(where);
    }
    size = shape.front();
    if (array.count() == 0 && *size > kMostEmpty) {  // a few bytes of a file can claim any number of them
      return fail(Code::data_mismatch, "its {} hold no numbers", plural(*size, "sample")).at(where);
    }
    data.inputs_.back().column = std::make_shared<ArrayColumn>(array);
  }
  const int64_t count = size.value_or(1);
  if (count == 0) {
    return fail(Code::data_mismatch, "the arrays hold no samples");
  }
  if (data.together_) {
    data.fixed_batch_ = 0;
  }
  DSQ_TRY(check_divisible(count, data.fixed_batch_));
  // A state whose open axis is as long as there are samples holds one entry for each: they are not cut apart.
  for (const Input& input : data.inputs_) {
    for (size_t axis = 1; !input.column && input.wanted.shape && axis < input.wanted.shape->size(); ++axis) {
      if ((*input.wanted.shape)[axis] == kUnknown && size && input.array.shape()[axis] == *size) {
        data.together_ = true;
      }
    }
  }
  data.keep_all_rows(count);
  return data;
}

Result<Dataset> Dataset::make(const Graph& graph, NamedColumns columns, bool whole) {
  const std::vector<size_t> chosen = DSQ_TRY(match(graph, names_of(graph, columns)));
  Dataset data;
  data.whole_ = whole;
  data.streams_ = true;
  int64_t count = 0;
  for (size_t i = 0; i < chosen.size(); ++i) {
    const Value& value = graph.value(graph.inputs()[i]);
    data.inputs_.push_back({value.name, value.type, {}, columns[chosen[i]].second});
    count = data.inputs_.back().column->rows();
    if (!whole && value.type.shape && !value.type.shape->empty() && value.type.shape->front() != kUnknown) {
      data.fixed_batch_ = std::max(data.fixed_batch_, value.type.shape->front());
    }
  }
  if (count == 0) {
    return fail(Code::data_mismatch, "there are no samples");
  }
  DSQ_TRY(check_divisible(count, data.fixed_batch_));
  data.keep_all_rows(count);
  return data;
}

void Dataset::keep_all_rows(int64_t count) {
  std::vector<int64_t> rows(static_cast<size_t>(count));
  std::iota(rows.begin(), rows.end(), 0);
  rows_ = std::make_shared<const std::vector<int64_t>>(std::move(rows));
}

Dataset Dataset::select(std::vector<int64_t> samples) const {
  Dataset chosen = *this;
  std::vector<int64_t> labels;
  for (int64_t& sample : samples) {
    if (!labels_->empty()) {
      labels.push_back((*labels_)[static_cast<size_t>(sample)]);
    }
    sample = (*rows_)[static_cast<size_t>(sample)];
  }
  chosen.rows_ = std::make_shared<const std::vector<int64_t>>(std::move(samples));
  chosen.labels_ = std::make_shared<const std::vector<int64_t>>(std::move(labels));
  return chosen;
}

Dataset Dataset::first(int64_t count) const {
  if (together_) {
    return *this;
  }
  const int64_t wanted = fixed_batch_ > 0 ? std::max(count / fixed_batch_, int64_t{1}) * fixed_batch_ : count;
  std::vector<int64_t> samples(static_cast<size_t>(std::min(size(), wanted)));
  std::iota(samples.begin(), samples.end(), 0);
  return select(std::move(samples));
}

Result<void> Dataset::set_labels(std::vector<int64_t> labels) {
  if (static_cast<int64_t>(labels.size()) != size()) {
    return fail(Code::labels_mismatch, "{} for {}", plural(static_cast<int64_t>(labels.size()), "label"),
                plural(size(), "sample"));
  }
  labels_ = std::make_shared<const std::vector<int64_t>>(std::move(labels));
  return {};
}

std::string Dataset::place(int64_t index) const {
  for (const Input& input : inputs_) {
    const std::string place = input.column ? input.column->place((*rows_)[static_cast<size_t>(index)]) : "";
    if (!place.empty()) {
      return place;
    }
  }
  return fmt::format("sample {}", (*rows_)[static_cast<size_t>(index)]);
}

Result<Digest> Dataset::digest(int64_t index) const {
  std::vector<uint8_t> all;
  for (const Input& input : inputs_) {
    if (input.column) {
      const Digest part = DSQ_TRY(input.column->digest((*rows_)[static_cast<size_t>(index)]));
      all.insert(all.end(), part.begin(), part.end());
    }
  }
  return sha256(std::as_bytes(std::span(all)));
}

std::string Dataset::where_of(const Input& input, int64_t row) {
  const std::string file = input.column->place(row);
  return file.empty() ? "array '" + input.name + "'" : file;
}

Result<Tensor> Dataset::read(const Input& input, int64_t row) const {
  if (!input.column) {
    return input.array;
  }
  const std::string where = where_of(input, row);
  Result<Tensor> read = input.column->read(row);
  Result<Tensor> typed = read ? as_type(*read, input.wanted.dtype) : std::move(read);
  if (!typed) {
    return std::move(typed).error().at(where);
  }
  if (input.wanted.shape && !fits(typed->shape(), *input.wanted.shape, whole_ ? 0 : 1)) {
    return wrong_shape(*typed, input.wanted).at(where);
  }
  return typed;
}

Result<std::vector<Tensor>> Dataset::sample(int64_t index) const {
  std::vector<Tensor> out;
  for (const Input& input : inputs_) {
    out.push_back(DSQ_TRY(read(input, (*rows_)[static_cast<size_t>(index)])));
  }
  return out;
}

}  // namespace dsq
