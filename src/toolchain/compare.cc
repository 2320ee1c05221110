#include "src/toolchain/compare.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "src/quant/scale_map.h"
#include "src/report/metrics.h"
#include "src/support/in_file.h"
#include "src/toolchain/scoring.h"

namespace dsq {
namespace {

constexpr int64_t kTraced = 4;  // samples; every inner value of them is kept at once

// The numbers that a tensor stands for. `params` for integers that have a scale; null otherwise.
Tensor real_values(const Tensor& tensor, const QuantParams* params) {
  std::vector<float> values = to_floats(tensor);
  if (params != nullptr) {
    const ScaleMap map(tensor.shape(), params->granularity);
    for (size_t i = 0; i < values.size(); ++i) {
      const size_t index = params->scale.size() == 1 ? 0 : map.of(static_cast<int64_t>(i));
      const auto q = static_cast<int32_t>(values[i]);
      const int32_t level =
          params->levels.empty() ? q - params->zero_of(index) : params->levels[static_cast<size_t>(q)];
      values[i] = params->scale[index] * static_cast<float>(level);
    }
  }
  return Tensor::of<float>(tensor.shape(), std::span<const float>(values));
}

ValueDifference difference(std::string name, const Tensor& a, const Tensor& b) {
  ValueDifference out;
  out.name = std::move(name);
  out.type = a.type();
  ErrorMeter meter;
  meter.add(a, b);
  out.sqnr_db = meter.sqnr_db();
  out.max_abs = meter.max_abs_error();
  out.cosine = meter.cosine();
  double worst = -1;
  for (int64_t i = 0; i < a.count(); ++i) {
    const double x = element(a, i);
    const double y = element(b, i);
    const double apart = x == y || (std::isnan(x) && std::isnan(y)) ? 0
                         : std::isnan(x - y)                        ? HUGE_VAL
                                                                    : std::abs(x - y);
    if (apart > worst) {
      worst = apart;
      out.worst = i;
      out.worst_a = x;
      out.worst_b = y;
    }
  }
  return out;
}

std::string output_names(const Graph& graph) {
  std::string names;
  for (const ValueId id : graph.outputs()) {
    names += (names.empty() ? "'" : ", '") + graph.value(id).name + "'";
  }
  return names;
}

// Asked before anything runs. Errors: data_mismatch.
Result<void> check_outputs_match(const NamedGraph& a, const NamedGraph& b) {
  for (const ValueId id : a.graph.outputs()) {
    const std::string& name = a.graph.value(id).name;
    if (std::ranges::none_of(b.graph.outputs(), [&](ValueId other) { return b.graph.value(other).name == name; })) {
      return fail(Code::data_mismatch, "it has no output '{}', as {} has", name, a.name)
          .at(b.name)
          .hint(fmt::format("compare models with the same outputs; those of {} are {}", b.name, output_names(b.graph)));
    }
  }
  return {};
}

Result<std::vector<ValueDifference>> output_differences(const Ran& a, const Ran& b, const std::string& name_b) {
  std::vector<ValueDifference> out;
  for (const auto& [name, tensor] : a.outputs) {
    const auto partner = std::ranges::find(b.outputs, name, &std::pair<std::string, Tensor>::first);
    DSQ_CHECK(partner != b.outputs.end(), "both models have this output");
    if (partner->second.shape() != tensor.shape()) {
      return fail(Code::data_mismatch, "its shape is {}, in the other model {}", text_of(partner->second.shape()),
                  text_of(tensor.shape()))
          .at(name_b + ": output '" + name + "'")
          .hint("compare models of the same outputs; --shape settles what is open");
    }
    out.push_back(difference(name, tensor, partner->second));
  }
  return out;
}

// What b loses against a, on all samples.
Result<void> score_outputs(const Graph& reference, const Ran& a, const Ran& b, const Dataset& data,
                           const CompareOptions& options, Comparison& result) {
  std::vector<Tensor> before;
  std::vector<Tensor> after;
  for (const auto& [name, tensor] : a.outputs) {
    before.push_back(tensor);
    after.push_back(std::ranges::find(b.outputs, name, &std::pair<std::string, Tensor>::first)->second);
  }
  const std::vector<int64_t> none;
  std::optional<Scoring> scoring(std::in_place, reference, data.labels(), options.output_kind);
  Result<void> scored = scoring->add(a.samples, before, after);
  if (!scored && scored.error().code == Code::labels_mismatch && !options.need_labels) {
    scoring.emplace(reference, none, options.output_kind);
    scored = scoring->add(a.samples, before, after);
  }
  DSQ_TRY(std::move(scored));
  Report& report = result.report;
  report.data_kind = "measured";
  report.data_samples = report.measured_samples.emplace(a.samples);
  report.losses = scoring->losses(data, options.max_drop);
  report.accuracy = scoring->accuracy({});
  for (const ValueDifference& each : result.outputs) {
    OutputReport& output = report.outputs.emplace_back();
    output.name = each.name;
    output.sqnr_db = each.sqnr_db;
    output.cosine = each.cosine;
    output.max_abs_error = each.max_abs;
  }
  return {};
}

// Names of inner values that stand for numbers in this graph.
std::map<std::string, ValueId> traceable(const Graph& graph) {
  std::map<std::string, ValueId> names;
  for (const ValueId id : graph.values()) {
    const Value& value = graph.value(id);
    const bool bare = bits_of(value.type.dtype) <= 8 && value.type.dtype != DType::boolean && !value.params;
    if (value.producer != NodeId::none && !bare) {
      names.emplace(value.name, id);
    }
  }
  return names;
}

const QuantParams* params_of(const Graph& graph, ValueId id) {
  const Value& value = graph.value(id);
  return value.params && is_integer(value.type.dtype) ? &*value.params : nullptr;
}

}  // namespace

Result<Comparison> compare(const NamedGraph& first_model, const NamedGraph& second_model, const Dataset& data,
                           const CompareOptions& options, Progress& progress) {
  DSQ_TRY(check_outputs_match(first_model, second_model));
  DSQ_TRY(check_outputs_match(second_model, first_model));
  const Graph& a = first_model.graph;
  const Graph& b = second_model.graph;
  Comparison result;
  const Ran ran_a = DSQ_TRY(in_model(first_model.name, run_dataset(a, data, options.run, progress)));
  const Ran ran_b = DSQ_TRY(in_model(second_model.name, run_dataset(b, data, options.run, progress)));
  result.samples = ran_a.samples;
  result.outputs = DSQ_TRY(output_differences(ran_a, ran_b, second_model.name));
  DSQ_TRY(score_outputs(a, ran_a, ran_b, data, options, result));

  const std::map<std::string, ValueId> in_a = traceable(a);
  const std::map<std::string, ValueId> in_b = traceable(b);
  std::vector<std::string> names;  // in a's order
  for (const NodeId id : a.topo_order()) {
    for (const ValueId output : a.node(id).outputs) {
      if (output != ValueId::none && in_a.contains(a.value(output).name) && in_b.contains(a.value(output).name)) {
        names.push_back(a.value(output).name);
      }
    }
  }
  result.traced_samples = std::min(data.step(kTraced), data.size());
  const std::vector<Tensor> inputs = DSQ_TRY(data.batch(0, result.traced_samples));
  std::vector<std::optional<Tensor>> seen(names.size());
  progress.begin("tracing", static_cast<int64_t>(names.size()));
  Runner first(a, {options.run.backend, options.run.threads, names});
  DSQ_TRY(first.run(inputs, [&](size_t index, const Tensor& tensor) -> Result<void> {
    seen[index] = real_values(tensor, params_of(a, in_a.at(names[index])));
    return {};
  }));
  std::vector<std::optional<ValueDifference>> found(names.size());
  int64_t done = 0;
  Runner second(b, {options.run.backend, options.run.threads, names});
  DSQ_TRY(second.run(inputs, [&](size_t index, const Tensor& tensor) -> Result<void> {
    if (seen[index] && seen[index]->shape() == tensor.shape()) {
      found[index] = difference(names[index], *seen[index], real_values(tensor, params_of(b, in_b.at(names[index]))));
      found[index]->op = name_of(a.node(a.value(in_a.at(names[index])).producer).op);
      seen[index].reset();
    }
    progress.step(++done);
    return {};
  }));
  progress.end();
  for (std::optional<ValueDifference>& value : found) {
    if (!value) {
      continue;
    }
    if (!result.parting && value->sqnr_db < options.threshold_db) {
      result.parting = result.values.size();
    }
    result.values.push_back(std::move(*value));
  }
  return result;
}

}  // namespace dsq
