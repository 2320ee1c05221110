// The stable error codes. A code never changes its meaning; its text lives in codes.cc, one row each.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace dsq {

enum class Code : int {
  // E1xx: reading a model
  file_unreadable = 101,
  not_a_model = 102,
  model_truncated = 103,
  opset_unsupported = 104,
  ops_unsupported = 105,
  attribute_invalid = 106,
  tensor_invalid = 107,
  external_data = 108,
  shape_override = 109,
  weights_not_finite = 110,
  // E2xx: the graph
  graph_invalid = 201,
  type_mismatch = 202,
  shape_mismatch = 203,
  text_syntax = 204,
  stage_violation = 205,
  // E3xx: passes
  pass_unknown = 301,
  pass_order = 302,
  pass_inconsistent = 303,
  not_applicable = 304,
  // E4xx: data and calibration
  data_unreadable = 401,
  data_mismatch = 402,
  data_not_finite = 403,
  labels_mismatch = 404,
  far_from_float = 405,
  preprocess_assumed = 406,
  not_held_out = 407,
  calibration_invalid = 408,
  calibration_mismatch = 409,
  aim_missed = 420,
  not_proved = 421,
  metric_failed = 422,
  // E6xx: file formats
  dsq_invalid = 601,
  dsq_corrupt = 602,
  dsq_newer = 603,
  write_failed = 604,
  report_invalid = 605,
  // E7xx: running
  op_not_runnable = 701,
  run_failed = 702,
  out_of_memory = 703,
  backend_missing = 704,
  // E8xx: the command line
  usage = 801,
  option_conflict = 802,
  selector_unmatched = 803,
  gate_failed = 804,
  // E9xx: ours
  internal = 901,
};

// Exit status of the process (contract C1).
enum class Exit : int { ok = 0, gate = 1, usage = 2, refused = 3, internal = 4, interrupted = 130 };

struct CodeInfo {
  Code code;
  Exit exit;
  std::string_view title;    // a noun phrase, for lists
  std::string_view meaning;  // one or two sentences
  std::string_view next;     // what to do
};

std::span<const CodeInfo> all_codes();  // sorted by number
const CodeInfo& info_of(Code code);
std::string code_name(Code code);  // "E105"

}  // namespace dsq
