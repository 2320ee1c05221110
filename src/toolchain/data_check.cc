#include "src/toolchain/data_check.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "src/support/exceptions.h"
#include "src/support/in_file.h"
#include "src/support/parallel.h"
#include "src/toolchain/inputs.h"

namespace dsq {
namespace {

// Of one input of one sample.
struct Facts {
  Shape shape;
  int64_t count = 0;
  double low = INFINITY;
  double high = -INFINITY;
  double mean = 0;
  double deviation = 0;
};

struct Seen {
  std::vector<Facts> inputs;
  std::optional<Error> error;
  Digest digest{};
};

Facts facts_of(const Tensor& tensor) {
  Facts facts{tensor.shape(), tensor.count(), INFINITY, -INFINITY, 0, 0};
  double squares = 0;
  for (int64_t i = 0; i < tensor.count(); ++i) {  // Welford: stable in one run
    const double value = element(tensor, i);
    facts.low = std::min(facts.low, value);
    facts.high = std::max(facts.high, value);
    const double step = value - facts.mean;
    facts.mean += step / static_cast<double>(i + 1);
    squares += step * (value - facts.mean);
  }
  facts.deviation = std::sqrt(squares / static_cast<double>(std::max<int64_t>(tensor.count(), 1)));
  return facts;
}

Seen look_at(const Dataset& data, int64_t index) {
  Seen seen;
  try {
    const Result<std::vector<Tensor>> sample = data.batch(index, 1);
    Result<Digest> digest = sample ? data.digest(index) : Result<Digest>(sample.error());
    if (!digest) {
      seen.error = std::move(digest).error();
      return seen;
    }
    seen.digest = *digest;
    for (const Tensor& tensor : *sample) {
      seen.inputs.push_back(facts_of(tensor));
    }
  } catch (const std::exception& exception) {
    seen.error = error_of(exception);
  }
  return seen;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

// How far each value is from the median, in usual distances.
std::vector<double> distances(const std::vector<double>& values) {
  const double centre = median(values);
  std::vector<double> apart;
  for (const double value : values) {
    apart.push_back(std::abs(value - centre));
  }
  const double usual = std::max(1.4826 * median(apart), 1e-3 * std::abs(centre) + 1e-9);
  for (double& distance : apart) {
    distance /= usual;
  }
  return apart;
}

class Check {
 public:
  Check(const Graph& graph, const Samples& samples) : graph_(graph), samples_(samples) {}

  void look(Progress& progress) {
    constexpr int64_t kStep = 256;
    const Dataset& data = samples_.data;
    seen_.resize(static_cast<size_t>(data.size()));
    progress.begin("looking at samples", data.size());
    for (int64_t first = 0; first < data.size(); first += kStep) {
      const int64_t count = std::min(kStep, data.size() - first);
      parallel_for(count, 1, [&](int64_t begin, int64_t end) {
        for (int64_t i = first + begin; i < first + end; ++i) {
          seen_[static_cast<size_t>(i)] = look_at(data, i);
        }
      });
      progress.step(first + count);
    }
    progress.end();
  }

  DataCheck result() {
    check_.samples = samples_.data.size();
    check_.preprocess = samples_.preprocess;
    add_bad();
    for (size_t i = 0; i < graph_.inputs().size(); ++i) {
      add_input(i);
    }
    add_labels();
    add_duplicates();
    return std::move(check_);
  }

 private:
  std::string place(size_t sample) const { return samples_.data.place(static_cast<int64_t>(sample)); }

  void add_bad() {
    for (size_t s = 0; s < seen_.size(); ++s) {
      if (seen_[s].error) {
        check_.bad.push_back({place(s), seen_[s].error->what});
        check_.first_bad = check_.first_bad ? check_.first_bad : seen_[s].error;
      } else {
        good_.push_back(s);
      }
    }
  }

  void add_input(size_t i) {
    const Value& value = graph_.value(graph_.inputs()[i]);
    DataCheck::Input input{value.name, text_of(value.type), {}, INFINITY, -INFINITY, 0, 0};
    double squares = 0;
    double count = 0;
    std::vector<double> means;
    std::vector<double> deviations;
    for (const size_t s : good_) {
      const Facts& facts = seen_[s].inputs[i];
      const std::string shape = text_of(facts.shape);
      if (std::ranges::find(input.shapes, shape) == input.shapes.end()) {
        input.shapes.push_back(shape);
      }
      const auto part = static_cast<double>(facts.count);
      input.low = std::min(input.low, facts.low);
      input.high = std::max(input.high, facts.high);
      input.mean += part * facts.mean;
      squares += part * (facts.deviation * facts.deviation + facts.mean * facts.mean);
      count += part;
      means.push_back(facts.mean);
      deviations.push_back(facts.deviation);
    }
    if (good_.empty() || count == 0) {
      return;
    }
    input.mean /= count;
    input.deviation = std::sqrt(std::max(squares / count - input.mean * input.mean, 0.0));
    check_.inputs.push_back(input);
    if (is_float(value.type.dtype)) {
      add_outliers(i, means, deviations);
    }
  }

  void add_outliers(size_t i, const std::vector<double>& means, const std::vector<double>& deviations) {
    const std::string name = graph_.inputs().size() > 1 ? "'" + graph_.value(graph_.inputs()[i]).name + "': " : "";
    const std::vector<double> off = distances(means);
    const std::vector<double> spread = distances(deviations);
    for (size_t k = 0; k < good_.size(); ++k) {
      const Facts& facts = seen_[good_[k]].inputs[i];
      const auto add = [&](std::string what) { check_.outliers.push_back({place(good_[k]), name + std::move(what)}); };
      if (facts.low == facts.high && facts.count > 1) {
        add(fmt::format("constant: every value is {:.6g}", facts.low));
      } else if (off[k] > kFar && off[k] >= spread[k]) {
        add(fmt::format("its mean is {:.4g}, the median of all {:.4g}", means[k], median(means)));
      } else if (spread[k] > kFar) {
        add(fmt::format("its deviation is {:.4g}, the median of all {:.4g}", deviations[k], median(deviations)));
      }
    }
  }

  void add_labels() {
    std::map<int64_t, int64_t> counts;
    for (size_t c = 0; c < samples_.classes.size(); ++c) {
      counts[static_cast<int64_t>(c)] = 0;
    }
    for (const int64_t label : samples_.data.labels()) {
      ++counts[label];
    }
    for (const auto& [label, count] : counts) {
      const bool named = label >= 0 && static_cast<size_t>(label) < samples_.classes.size();
      check_.labels.push_back({label, named ? samples_.classes[static_cast<size_t>(label)] : "", count});
    }
  }

  void add_duplicates() {
    const std::vector<int64_t>& labels = samples_.data.labels();
    std::map<Digest, std::vector<size_t>> groups;
    for (const size_t s : good_) {
      groups[seen_[s].digest].push_back(s);
    }
    std::vector<std::vector<size_t>> found;
    for (auto& [digest, group] : groups) {
      if (group.size() > 1) {
        found.push_back(std::move(group));
      }
    }
    std::ranges::sort(found);
    for (const std::vector<size_t>& group : found) {
      std::vector<std::string>& places = check_.duplicates.emplace_back();
      for (const size_t s : group) {
        places.push_back(place(s));
      }
      if (!labels.empty() && std::ranges::any_of(group, [&](size_t s) { return labels[s] != labels[group[0]]; })) {
        check_.contradictions.push_back(places.front());
      }
    }
  }

  const Graph& graph_;
  const Samples& samples_;
  std::vector<Seen> seen_;
  std::vector<size_t> good_;
  DataCheck check_;
};

}  // namespace

Result<DataCheck> check_data(const Graph& graph, const std::filesystem::path& path, const SampleOptions& options,
                             Diagnostics& diagnostics, Progress& progress) {
  const Samples samples = DSQ_TRY(find_samples(graph, DSQ_TRY(list_samples(path)), options, diagnostics));
  DSQ_TRY(in_file(path.string(), check_labels(graph, samples.data)));
  Check check(graph, samples);
  check.look(progress);
  return check.result();
}

}  // namespace dsq
