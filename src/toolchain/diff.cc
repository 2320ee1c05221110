#include "src/toolchain/diff.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "formats/report/select.h"
#include "src/report/loss_text.h"
#include "src/report/metrics.h"
#include "src/support/strings.h"

namespace dsq {
namespace {

constexpr double kSameDb = 0.05;     // SQNRs closer than this read the same
constexpr double kSameShare = 0.01;  // of a weight error

void compare(std::vector<Change>& changes, std::string what, const std::string& a, const std::string& b) {
  if (a != b) {
    changes.push_back({std::move(what), a.empty() ? "none" : a, b.empty() ? "none" : b});
  }
}

// 12 digits of a hash tell files apart.
std::string short_hash(const std::string& hash) { return hash.substr(0, 12); }

std::string bytes_text(int64_t bytes) { return plural(bytes, "byte"); }

std::string percent_text(double share) { return fmt::format("{:.2f} %", share * 100); }

std::string decibel_text(double db) { return db >= kSqnrCapDb ? "no error" : fmt::format("{:.1f} dB", db); }

std::string measured_text(const Report& report) {
  return report.measured_on ? fmt::format("{} samples ({})", *report.measured_samples, *report.measured_on) : "";
}

std::vector<Change> input_changes(const Report& a, const Report& b) {
  std::vector<Change> changes;
  compare(changes, "tool", a.tool_version, b.tool_version);
  compare(changes, "options", a.command, b.command);
  compare(changes, "model", a.model_name, b.model_name);
  compare(changes, "model's hash", short_hash(a.model_sha256), short_hash(b.model_sha256));
  compare(changes, "data", a.data_kind, b.data_kind);
  compare(changes, "data's hash", short_hash(a.data_sha256), short_hash(b.data_sha256));
  compare(changes, "samples", std::to_string(a.data_samples), std::to_string(b.data_samples));
  compare(changes, "measured on", measured_text(a), measured_text(b));
  return changes;
}

void compare_outputs(std::vector<Change>& changes, const Report& a, const Report& b) {
  for (const OutputReport& was : a.outputs) {
    const auto is = std::ranges::find(b.outputs, was.name, &OutputReport::name);
    if (is == b.outputs.end()) {
      changes.push_back({"output " + was.name, decibel_text(was.sqnr_db), "gone"});
      continue;
    }
    if (std::abs(was.sqnr_db - is->sqnr_db) >= kSameDb) {
      changes.push_back({"SQNR of " + was.name, decibel_text(was.sqnr_db), decibel_text(is->sqnr_db)});
    }
  }
  for (const OutputReport& is : b.outputs) {
    if (std::ranges::find(a.outputs, is.name, &OutputReport::name) == a.outputs.end()) {
      changes.push_back({"output " + is.name, "none", decibel_text(is.sqnr_db)});
    }
  }
}

void compare_losses(std::vector<Change>& changes, const Report& a, const Report& b) {
  const std::vector<LossReport> none;
  const std::vector<LossReport>& was = a.losses ? *a.losses : none;
  const std::vector<LossReport>& is = b.losses ? *b.losses : none;
  const auto partner = [](const std::vector<LossReport>& losses, const LossReport& loss) {
    const auto same = [&](const LossReport& other) {
      return other.measure == loss.measure && other.output == loss.output;
    };
    const auto found = std::ranges::find_if(losses, same);
    return found == losses.end() ? std::string() : points_text(*found, found->points);
  };
  for (const LossReport& loss : was) {
    compare(changes, loss_title(loss), points_text(loss, loss.points), partner(is, loss));
  }
  for (const LossReport& loss : is) {
    if (partner(was, loss).empty()) {
      compare(changes, loss_title(loss), "", points_text(loss, loss.points));
    }
  }
}

std::vector<Change> result_changes(const Report& a, const Report& b) {
  std::vector<Change> changes;
  compare(changes, "verdict", a.passed ? "passed" : "failed", b.passed ? "passed" : "failed");
  const auto accuracy = [](const Report& report) {
    return report.accuracy ? percent_text(report.accuracy->quantized_top1) : std::string();
  };
  const auto accuracy_float = [](const Report& report) {
    return report.accuracy ? percent_text(report.accuracy->float_top1) : std::string();
  };
  compare(changes, "top-1 accuracy", accuracy(a), accuracy(b));
  compare(changes, "top-1 in float", accuracy_float(a), accuracy_float(b));
  compare_losses(changes, a, b);
  compare_outputs(changes, a, b);
  compare(changes, "file", bytes_text(a.artefact_bytes), bytes_text(b.artefact_bytes));
  compare(changes, "model's file", bytes_text(a.float_file_bytes), bytes_text(b.float_file_bytes));
  const auto memory = [](const Report& report) {
    return report.memory ? bytes_text(report.memory->quantized_peak) : std::string();
  };
  compare(changes, "working memory", memory(a), memory(b));
  compare(changes, "in integers", percent_text(a.integer_mac_share), percent_text(b.integer_mac_share));
  const auto floats = [](const Report& report) {
    size_t count = 0;
    for (const FloatPart& part : report.floats) {
      count += part.nodes.size();
    }
    return plural(count, "operator");
  };
  compare(changes, "in float", floats(a), floats(b));
  if (changes.empty()) {
    compare(changes, "file's hash", short_hash(a.artefact_sha256), short_hash(b.artefact_sha256));
  }
  return changes;
}

std::string held(const LayerReport& layer) {
  const std::string weights =
      layer.granularity == "none" ? layer.weight_type : layer.weight_type + " " + layer.granularity;
  return layer.integer ? fmt::format("{} x {} {}", weights, layer.act_type, layer.range) : weights + " in float";
}

// The layers of each name, in order.
std::map<std::string, std::vector<const LayerReport*>> by_name(const Report& report) {
  std::map<std::string, std::vector<const LayerReport*>> layers;
  for (const LayerReport& layer : report.layers) {
    layers[layer.name].push_back(&layer);
  }
  return layers;
}

bool moved(const LayerReport& a, const LayerReport& b) {
  if (a.output_sqnr_db && b.output_sqnr_db) {
    return std::abs(*a.output_sqnr_db - *b.output_sqnr_db) >= kSameDb;
  }
  return a.output_sqnr_db.has_value() != b.output_sqnr_db.has_value() ||
         std::abs(a.weight_error - b.weight_error) > kSameShare * std::max(a.weight_error, b.weight_error);
}

LayerChange change_of(const LayerReport* a, const LayerReport* b) {
  LayerChange change;
  change.name = (a != nullptr ? a : b)->name;
  if (a != nullptr) {
    change.a = held(*a);
    change.output_sqnr_a = a->output_sqnr_db;
    change.weight_error_a = a->weight_error;
  }
  if (b != nullptr) {
    change.b = held(*b);
    change.output_sqnr_b = b->output_sqnr_db;
    change.weight_error_b = b->weight_error;
  }
  change.effect = (b != nullptr ? noise_of(*b) : 0.0) - (a != nullptr ? noise_of(*a) : 0.0);
  return change;
}

void compare_layers(const Report& a, const Report& b, ReportDiff& result) {
  const auto was = by_name(a);
  auto is = by_name(b);
  std::map<std::string, size_t> seen;
  for (const LayerReport& layer : a.layers) {
    std::vector<const LayerReport*>& partners = is[layer.name];
    const size_t index = seen[layer.name]++;
    if (index >= partners.size()) {
      result.layers.push_back(change_of(&layer, nullptr));
    } else if (held(layer) != held(*partners[index]) || moved(layer, *partners[index])) {
      result.layers.push_back(change_of(&layer, partners[index]));
    } else {
      ++result.same_layers;
    }
  }
  seen.clear();
  for (const LayerReport& layer : b.layers) {
    const auto found = was.find(layer.name);
    if (seen[layer.name]++ >= (found == was.end() ? 0 : found->second.size())) {
      result.layers.push_back(change_of(nullptr, &layer));
    }
  }
  std::ranges::stable_sort(result.layers, [](const LayerChange& x, const LayerChange& y) {
    return std::abs(x.effect) > std::abs(y.effect);
  });
}

void compare_gates(const Report& a, const Report& b, ReportDiff& result) {
  for (const Gate& is : b.gates) {
    const auto was = std::ranges::find(a.gates, is.name, &Gate::name);
    const bool before = was == a.gates.end() || was->passed;
    if (before != is.passed) {
      (before ? result.failed : result.mended)
          .push_back(fmt::format("{}: {}, the limit is {}", is.name, is.found, is.limit));
    }
  }
}

}  // namespace

ReportDiff diff(const Report& a, const Report& b) {
  ReportDiff result;
  result.inputs = input_changes(a, b);
  result.results = result_changes(a, b);
  compare_layers(a, b, result);
  compare_gates(a, b, result);
  return result;
}

}  // namespace dsq
