// Diagnostics: what passes and tools want to say without failing. Passed by argument; printed by cli/ only.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "src/support/codes.h"

namespace dsq {

enum class Severity { note, warning };

struct Diagnostic {
  Severity severity = Severity::note;
  Code code = Code::not_applicable;
  std::string where;  // node or value name, may be empty
  std::string text;
  std::string pass;  // the pass that says so, may be empty
};

class Diagnostics {
 public:
  void note(std::string where, std::string text) {
    items_.push_back({Severity::note, Code::not_applicable, std::move(where), std::move(text), pass_});
  }
  void warn(Code code, std::string where, std::string text) {
    items_.push_back({Severity::warning, code, std::move(where), std::move(text), pass_});
  }
  void enter_pass(std::string name) { pass_ = std::move(name); }
  // For a pass that says in each run all that still holds: its earlier notes go.
  void restart_pass() {
    std::erase_if(items_,
                  [&](const Diagnostic& item) { return item.severity == Severity::note && item.pass == pass_; });
  }
  void append(const Diagnostics& others) { items_.insert(items_.end(), others.items_.begin(), others.items_.end()); }
  const std::vector<Diagnostic>& items() const { return items_; }

 private:
  std::vector<Diagnostic> items_;
  std::string pass_;
};

}  // namespace dsq
