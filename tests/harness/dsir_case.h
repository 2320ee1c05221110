// Test cases as text: files of many short cases, "graph in, graph out".
//
//   // pass: fold_identity             the pass under test; `verify` stands for the verifier
//   // tolerance: 1e-5                 of outputs before and after, relative to the largest magnitude (default 1e-5)
//   // case: drops a cast to its own type
//   graph (%x: f32[2]) -> (%y) { ... }
//   // ---- expect changed             or: unchanged | error E205 "text"; then, optionally: , note "text"
//   graph (%x: f32[2]) -> (%y) { ... }  only after `changed`; constants may be `any`
//
// Lines before the first case hold for all of them; a case may override them. Further settings: `types: as written` (no
// inference before the case, types are compared as they stand), `pipeline: a,b` or a list's name instead of one pass,
// `numeric: off REASON`, `recipe: ...` and `stats: ...` (quant_case.h), `noise: 0.05` (what quantizing may cost the
// outputs, measured as `tolerance`, which holds from the quantized graph, run as the reals it stands for, to the lowered).
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "src/support/result.h"

namespace dsq::testing {

enum class Expect { changed, unchanged, error };

struct DsirCase {
  std::string name;
  int line = 0;                                 // of `// case:`
  std::map<std::string, std::string> settings;  // the file's and its own
  std::string before;
  Expect expect = Expect::unchanged;
  std::string error_code;  // "E205"
  std::string error_text;
  std::vector<std::string> notes;
  std::string after;       // empty unless `changed`
  size_t after_begin = 0;  // lines of the file, for rewriting
  size_t after_end = 0;
};

struct DsirFile {
  std::filesystem::path path;
  std::vector<std::string> lines;
  std::vector<DsirCase> cases;
};

Result<DsirFile> read_dsir(const std::filesystem::path& path);  // errors: file_unreadable, text_syntax

// Puts `text` in the place of the case's expectation.
Result<void> rewrite_expectation(const std::filesystem::path& path, const std::string& case_name,
                                 const std::string& text);

}  // namespace dsq::testing
