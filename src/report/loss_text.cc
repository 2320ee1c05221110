#include "src/report/loss_text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include <fmt/format.h>

#include "src/support/strings.h"

namespace dsq {
namespace {

struct Words {
  std::string_view measure;
  std::string_view title;
  std::string_view method;
};
constexpr auto kWords = std::to_array<Words>({
    {"accuracy", "accuracy drop", "Top-1 accuracy against the labels, float less quantized."},
    {"estimated", "estimated accuracy drop",
     "Without labels: what the float network's own probabilities give its choice, less what they give the quantized "
     "network's."},
    {"text", "estimated character drop",
     "Without labels: edits between the texts that both networks read, each worth what the float network's own "
     "probabilities give its choices over the quantized ones'."},
    {"mask", "mask drop", "F1 of the quantized mask against float's, below 100."},
    {"cosine", "cosine drop", "100 times 1 less the mean cosine with the float network's rows."},
    {"noise", "noise", "Energy of the error, in hundredths of that of float's output."},
    {"command", "metric drop", "The number that --metric-command gives for float, less that for quantized."},
});

const Words& words_of(const LossReport& loss) {
  const auto found = std::ranges::find(kWords, loss.measure, &Words::measure);
  return found == kWords.end() ? kWords.back() : *found;
}

std::string number(double value) {
  const std::string text = std::abs(value) < 0.1 ? fmt::format("{:.3f}", value) : fmt::format("{:.2f}", value);
  return text.find_first_of("123456789") == std::string::npos && text.front() == '-' ? text.substr(1) : text;
}

}  // namespace

std::string loss_title(const LossReport& loss) { return std::string(words_of(loss).title); }
std::string loss_method(const LossReport& loss) { return std::string(words_of(loss).method); }

std::string points_text(const LossReport& loss, double points) {
  if (!std::isfinite(points)) {
    return "not finite";
  }
  return loss.measure == "command" ? fmt::format("{:.6g}", points) : number(points) + " points";
}

std::string loss_text(const LossReport& loss) {
  std::string text = points_text(loss, loss.points) + " (";
  if (loss.low && loss.high) {
    text += fmt::format("95 %: {} to {}, ", number(*loss.low), number(*loss.high));
  }
  return text + plural(loss.samples, "sample") + ")";
}

std::string figures_text(const LossReport& loss) {
  if (!loss.quantized) {
    return loss.agreement ? fmt::format("agreement {:.2f} %", *loss.agreement * 100) : std::string();
  }
  if (loss.measure == "accuracy" && loss.reference) {
    return fmt::format("{:.2f} % -> {:.2f} %", *loss.reference * 100, *loss.quantized * 100);
  }
  if (loss.measure == "mask") {
    return fmt::format("F1 {:.2f} %", *loss.quantized * 100);
  }
  if (loss.measure == "cosine") {
    return fmt::format("cosine {:.4f}", *loss.quantized);
  }
  if (loss.measure == "noise") {
    return fmt::format("SQNR {:.1f} dB", *loss.quantized);
  }
  return fmt::format("{:.6g} -> {:.6g}", loss.reference.value_or(NAN), *loss.quantized);
}

bool is_proved(const LossReport& loss) { return loss.high && *loss.high <= loss.limit; }

std::string unproved_text(const LossReport& loss) {
  if (is_proved(loss) || loss.measure == "command") {
    return {};
  }
  const std::string limit = fmt::format("{:.3g} point{}", loss.limit, loss.limit == 1 ? "" : "s");
  if (!(loss.points <= loss.limit)) {
    return {};  // missed, which is more
  }
  const std::string text = fmt::format("{} cannot be proved on {}", limit, plural(loss.samples, "sample"));
  if (!loss.low) {
    return text;
  }
  return loss.needed ? fmt::format("{}: at what they show it takes {}", text, *loss.needed)
                     : fmt::format("{}: what they show is too near to it", text);
}

}  // namespace dsq
