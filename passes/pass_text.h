// Lists of passes as text: `a,b,(c,d)*`. What stands in parentheses with a star is repeated until nothing changes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "passes/passes.h"

namespace dsq {

// Groups of passes that own their lists. Moved, never copied: the groups point into the lists.
class PassText {
 public:
  // Errors: pass_unknown with the nearest name, usage for text that cannot be understood.
  static Result<PassText> parse(std::string_view text, std::span<const PassDef> table = all_passes());
  std::span<const PassGroup> groups() const { return groups_; }

  PassText(PassText&&) = default;
  PassText& operator=(PassText&&) = default;
  PassText(const PassText&) = delete;
  PassText& operator=(const PassText&) = delete;

 private:
  PassText() = default;
  std::vector<std::vector<std::string_view>> names_;
  std::vector<PassGroup> groups_;
};

std::string text_of(std::span<const PassGroup> groups);

}  // namespace dsq
