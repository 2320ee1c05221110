// Samples side by side: what a network takes in one step, and what it gives.
#include <algorithm>
#include <cmath>

#include "src/data/dataset.h"
#include "src/support/exceptions.h"
#include "src/support/parallel.h"

namespace dsq {
namespace {

// The k-th tensors of all samples in one, and let go.
template <class Place>
Result<Tensor> stacked(std::vector<std::vector<Tensor>>& rows, size_t k, Place place) {
  Shape shape = rows[0][k].shape();
  shape.front() = 0;
  for (const std::vector<Tensor>& row : rows) {
    shape.front() += row[k].shape().front();
  }
  Tensor all(rows[0][k].dtype(), shape);
  std::byte* to = all.mutable_bytes().data();
  for (size_t i = 0; i < rows.size(); ++i) {
    const Shape& own = rows[i][k].shape();
    if (!std::equal(own.begin() + 1, own.end(), shape.begin() + 1, shape.end())) {
      return fail(Code::data_mismatch, "its shape is {}, that of the sample before it {}", text_of(own),
                  text_of(rows[i - 1][k].shape()))
          .at(place(i))
          .hint("--batch 1 takes samples of several shapes");
    }
    to = std::ranges::copy(rows[i][k].bytes(), to).out;
    rows[i][k] = {};
  }
  return all;
}

}  // namespace

std::optional<std::pair<int64_t, float>> not_finite(const Tensor& tensor) {
  if (!is_float(tensor.dtype())) {
    return std::nullopt;
  }
  const std::vector<float> others = tensor.dtype() == DType::f32 ? std::vector<float>() : to_floats(tensor);
  const std::span<const float> values = tensor.dtype() == DType::f32 ? tensor.values<float>() : std::span(others);
  const auto bad = std::ranges::find_if(values, [](float v) { return !std::isfinite(v); });
  return bad == values.end() ? std::nullopt : std::optional(std::pair(bad - values.begin(), *bad));
}

Error Dataset::holds(const Input& input, int64_t row, float value) {
  return fail(Code::data_not_finite, "sample {} holds {}", row, value).at(where_of(input, row));
}

Result<std::vector<Tensor>> Dataset::batch(int64_t first, int64_t count) const {
  return streams_ ? decoded(first, count) : cut(first, count);
}

Result<std::vector<Tensor>> Dataset::cut(int64_t first, int64_t count) const {
  const std::span<const int64_t> rows =
      std::span(*rows_).subspan(static_cast<size_t>(first), static_cast<size_t>(count));
  std::vector<Tensor> out;
  for (const Input& input : inputs_) {
    if (!input.column) {
      out.push_back(input.array);
      continue;
    }
    Shape shape = input.array.shape();
    const size_t row_bytes = input.array.bytes().size() / static_cast<size_t>(shape.front());
    shape.front() = count;
    Tensor some(input.array.dtype(), shape);
    std::byte* to = some.mutable_bytes().data();
    for (const int64_t row : rows) {
      to = std::ranges::copy(input.array.bytes().subspan(static_cast<size_t>(row) * row_bytes, row_bytes), to).out;
    }
    if (const std::optional<std::pair<int64_t, float>> bad = not_finite(some)) {
      const int64_t row_count = some.count() / count;
      return holds(input, rows[static_cast<size_t>(bad->first / row_count)], bad->second);
    }
    out.push_back(std::move(some));
  }
  return out;
}

Result<std::vector<Tensor>> Dataset::decoded(int64_t first, int64_t count) const {
  const auto samples = static_cast<size_t>(count);
  std::vector<std::vector<Tensor>> rows(samples);
  std::vector<std::optional<Error>> failures(samples);
  const auto read_one = [&](size_t i) -> Result<void> {
    rows[i] = DSQ_TRY(sample(first + static_cast<int64_t>(i)));
    for (size_t k = 0; k < inputs_.size(); ++k) {
      if (const std::optional<std::pair<int64_t, float>> bad = not_finite(rows[i][k])) {
        return holds(inputs_[k], (*rows_)[static_cast<size_t>(first) + i], bad->second);
      }
    }
    return {};
  };
  parallel_for(count, 1, [&](int64_t begin, int64_t end) {
    for (auto i = static_cast<size_t>(begin); i < static_cast<size_t>(end); ++i) {
      try {
        Result<void> good = read_one(i);
        failures[i] = good ? std::nullopt : std::optional(std::move(good).error());
      } catch (const std::exception& exception) {  // memory that runs out on this thread
        failures[i] = error_of(exception).at(place(first + static_cast<int64_t>(i)));
      }
    }
  });
  for (std::optional<Error>& failure : failures) {
    if (failure) {
      return std::move(*failure);
    }
  }
  std::vector<Tensor> out;
  for (size_t k = 0; k < inputs_.size(); ++k) {
    out.push_back(count == 1
                      ? std::move(rows[0][k])
                      : DSQ_TRY(stacked(rows, k, [&](size_t i) { return place(first + static_cast<int64_t>(i)); })));
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
