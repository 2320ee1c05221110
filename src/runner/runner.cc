#include "src/runner/runner.h"

#include "src/ir/beyond_f32.h"
#include "src/support/strings.h"

namespace dsq {

Result<Executable*> Runner::executable_for(std::span<const Tensor> inputs) {
  if (inputs.size() != graph_.inputs().size()) {
    return fail(Code::data_mismatch, "{} given, {} expected", plural(inputs.size(), "input"), graph_.inputs().size());
  }
  std::vector<Shape> key;
  std::vector<TensorType> types;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Value& wanted = graph_.value(graph_.inputs()[i]);
    const TensorType got = inputs[i].type();
    bool fits = got.dtype == wanted.type.dtype;
    if (fits && wanted.type.shape) {
      fits = wanted.type.rank() == got.rank();
      for (size_t d = 0; fits && d < got.shape->size(); ++d) {
        fits = (*wanted.type.shape)[d] == kUnknown || (*wanted.type.shape)[d] == (*got.shape)[d];
      }
    }
    if (!fits) {
      return fail(Code::data_mismatch, "it is {}, the model expects {}", text_of(got), text_of(wanted.type))
          .at("input '" + wanted.name + "'");
    }
    if (const std::optional<double> far = beyond_f32(inputs[i])) {
      return fail(Code::data_mismatch, "it holds {}, which is beyond the range of f32", *far)
          .at("input '" + wanted.name + "'");
    }
    key.push_back(*got.shape);
    types.push_back(got);
  }
  const auto found = cache_.find(key);
  if (found != cache_.end()) {
    return found->second.get();
  }
  if (cache_.size() >= kMaxCached) {
    cache_.clear();
  }
  std::unique_ptr<Executable> made = DSQ_TRY(Executable::compile(graph_, types, options_));
  return cache_.emplace(std::move(key), std::move(made)).first->second.get();
}

Result<std::vector<Tensor>> Runner::run(std::span<const Tensor> inputs, const OnValue& on_value) {
  Executable* executable = DSQ_TRY(executable_for(inputs));
  if (!profiling_) {
    return executable->run(inputs, on_value);
  }
  std::vector<Shape> shapes;
  for (const Tensor& input : inputs) {
    shapes.push_back(input.shape());
  }
  if (shapes != profiled_) {
    profile_.clear();
    profiled_ = std::move(shapes);
  }
  return executable->run(inputs, on_value, &profile_);
}

}  // namespace dsq
