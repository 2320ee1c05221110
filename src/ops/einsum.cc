#include "src/ops/einsum.h"

#include <algorithm>

#include "src/support/strings.h"

namespace dsq {
namespace {

std::string ellipsis_labels(size_t count) {  // "210" for three axes: the last axis is '0'
  std::string labels;
  for (size_t i = count; i-- > 0;) {
    labels += static_cast<char>('0' + i);
  }
  return labels;
}

// "a...b" with a rank of 4 -> "a10b"
Result<std::string> expand_term(std::string term, size_t rank) {
  const size_t dots = term.find("...");
  const size_t letters = term.size() - (dots == std::string::npos ? 0 : 3);
  if (letters > rank || (dots == std::string::npos && letters != rank) || rank - letters > 9) {
    return fail(Code::shape_mismatch, "term '{}' does not fit rank {}", term, rank);
  }
  if (dots != std::string::npos) {
    term.replace(dots, 3, ellipsis_labels(rank - letters));
  }
  return term;
}

}  // namespace

Result<EinsumPlan> plan_einsum(std::string_view equation, const std::vector<Shape>& shapes) {
  std::string text(equation);
  std::erase(text, ' ');
  const size_t arrow = text.find("->");
  const std::vector<std::string> terms = split(std::string_view(text).substr(0, arrow), ',');
  if (terms.size() != shapes.size()) {
    return fail(Code::attribute_invalid, "equation '{}' has {} for {}", equation, plural(terms.size(), "term"),
                plural(shapes.size(), "input"));
  }
  EinsumPlan plan;
  std::map<char, int> uses;
  size_t ellipsis = 0;
  for (size_t i = 0; i < terms.size(); ++i) {
    plan.operands.push_back(DSQ_TRY(expand_term(terms[i], shapes[i].size())));
    const std::string& labels = plan.operands.back();
    for (size_t axis = 0; axis < labels.size(); ++axis) {
      const char label = labels[axis];
      const bool is_letter = std::isalpha(static_cast<unsigned char>(label)) != 0;
      const bool is_dots = label >= '0' && label <= '9' && terms[i].find(label) == std::string::npos;
      if (!is_letter && !is_dots) {
        return fail(Code::attribute_invalid, "equation '{}' holds '{}'", equation, label);
      }
      ellipsis = std::max(ellipsis, is_dots ? static_cast<size_t>(label - '0') + 1 : 0);
      ++uses[label];
      const int64_t size = shapes[i][axis];
      const auto [known, fresh] = plan.sizes.emplace(label, size);
      if (!fresh && known->second != size) {
        if (known->second == 1 || known->second == kUnknown) {
          known->second = size == 1 ? known->second : size;
        } else if (size != 1 && size != kUnknown) {
          return fail(Code::shape_mismatch, "label '{}' has sizes {} and {}", label, known->second, size);
        }
      }
    }
  }
  if (arrow != std::string::npos) {
    plan.output = text.substr(arrow + 2);
    const size_t dots = plan.output.find("...");
    if (dots != std::string::npos) {
      plan.output.replace(dots, 3, ellipsis_labels(ellipsis));
    }
  } else {  // implicit: the ellipsis, then the letters that occur once, in alphabetical order
    plan.output = ellipsis_labels(ellipsis);
    for (const auto& [label, count] : uses) {
      if (count == 1 && std::isalpha(static_cast<unsigned char>(label)) != 0) {
        plan.output += label;
      }
    }
  }
  Shape all;
  for (const auto& [label, size] : plan.sizes) {
    all.push_back(std::max<int64_t>(size, 1));
  }
  if (!checked_count(all)) {
    return fail(Code::out_of_memory, "equation '{}' goes over {} elements", equation, text_of(all));
  }
  for (const char label : plan.output) {
    if (!plan.sizes.contains(label)) {
      return fail(Code::attribute_invalid, "output label '{}' of '{}' is in no term", label, equation);
    }
  }
  return plan;
}

}  // namespace dsq
