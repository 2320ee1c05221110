#include "src/support/codes.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "src/support/check.h"
#include "src/support/examples.h"

namespace dsq {
namespace {

struct Row {
  Code code;
  Exit exit;
  std::string_view title;
  std::string_view meaning;
  std::string_view next;
  std::string_view command;
  std::string_view prints;  // without the line `help: NEXT`
};

// clang-format off
constexpr auto kRows = std::to_array<Row>({
    {Code::file_unreadable, Exit::refused, "file cannot be read",
     "The file does not exist, is not a regular file, or may not be read.",
     "check the path and its permissions",
     "dsquant model.onnx  # a path with a slip in it", "error[E101]: model.onnx: cannot open: No such file or directory"},
    {Code::not_a_model, Exit::refused, "not a model",
     "The file is neither an ONNX model nor a .dsq file nor a .dsir text, or it holds no graph.",
     "give the .onnx file that the exporter wrote, or what dsquant wrote",
     "dsquant model.onnx  # a pointer of Git LFS, not the file itself", "error[E102]: model.onnx: not an ONNX file"},
    {Code::model_truncated, Exit::refused, "model ends early",
     "The file begins like a model and then stops or turns to garbage, as after an interrupted download.",
     "copy or export the file again and compare its size",
     "dsquant model.onnx  # the first 100 bytes of it", "error[E103]: model.onnx: the ONNX file ends early, is damaged or nested too deep at byte 100 of 100"},
    {Code::opset_unsupported, Exit::refused, "opset not supported",
     "The model asks for an operator set, or an IR version, that is outside the supported range.",
     "export the model again with an opset from 7 to 28",
     "dsquant model.onnx", "error[E104]: model.onnx: opset 29 is outside 1 to 28"},
    {Code::ops_unsupported, Exit::refused, "operators not supported",
     "The model holds operators that cannot be imported; all of them are listed.",
     "export these parts with other operators, or cut them off the model",
     "dsquant model.onnx", "error[E105]: model.onnx: 1 node cannot be imported:\n  Frobnicate (node 'a', opset 13): not supported"},
    {Code::attribute_invalid, Exit::refused, "attribute invalid",
     "A node has an attribute that is missing, of the wrong type or out of range.",
     "check the node in the exporter; the ONNX checker shows the same node",
     "dsquant model.onnx", "error[E106]: model.onnx: node 'y': conv: kernel 1, stride 0 and dilation 1 must be at least 1"},
    {Code::tensor_invalid, Exit::refused, "tensor invalid",
     "A stored tensor has a size, a type or data that do not fit together.",
     "export the model again; the file may be damaged",
     "dsquant model.onnx", "error[E107]: model.onnx: tensor 'w': 8 values stored for [4,3]"},
    {Code::external_data, Exit::refused, "external data missing or unsafe",
     "A tensor lies in another file that is missing, too short, or outside the model's folder.",
     "keep the data files beside the model, under the names that it gives",
     "dsquant model.onnx  # without the file model.bin beside it", "error[E108]: model.onnx: tensor 'w': external data 'model.bin': No such file or directory"},
    {Code::shape_override, Exit::usage, "shape does not fit an input",
     "--shape names no input of the model, or gives dimensions that contradict the model's own.",
     "use --shape NAME=1,3,224,224 with an input name from `dsquant inspect`",
     "dsquant model.onnx --shape image=1,4", "error[E109]: model.onnx: the model has no input 'image'; nearest is 'x'"},
    {Code::weights_not_finite, Exit::refused, "NaN or Inf in weights",
     "A weight tensor holds values that are not finite, so no scale exists for it.",
     "train or export the model again; such a network computes NaN",
     "dsquant model.onnx", "error[E110]: model.onnx: node 'y': element 4 of 'w' is nan"},
    {Code::graph_invalid, Exit::refused, "graph invalid",
     "The graph breaks a structural rule: a value without producer, a cycle, a wrong number of inputs.",
     "run the ONNX checker on the model, or report the model if it passes there",
     "dsquant model.onnx", "error[E201]: model.onnx: node 'a': the graph has a cycle"},
    {Code::type_mismatch, Exit::refused, "element types do not fit",
     "A node gets values of an element type that its operator does not take.",
     "check the node in the exporter",
     "dsquant model.onnx", "error[E202]: model.onnx: node 'y': add: inputs are f32 and i64"},
    {Code::shape_mismatch, Exit::refused, "shapes do not fit",
     "A node gets values whose shapes cannot be combined.",
     "check the node in the exporter, or the shapes given with --shape",
     "dsquant model.onnx", "error[E203]: model.onnx: node 'y': matmul: [?,4] and [3,2] cannot be multiplied"},
    {Code::text_syntax, Exit::refused, "text form cannot be parsed",
     "A .dsir text does not follow the grammar in src/ir/print.h, or a file of --config is not TOML or sets what the command does not have.",
     "look at the line and column that are named",
     "dsquant dump model.dsir", "error[E204]: model.dsir: expected '%' at line 2, column 1"},
    {Code::stage_violation, Exit::refused, "graph illegal at its stage",
     "A .dsir text or a .dsq file holds what the stage of its graph does not allow, such as integer operators in a float graph.",
     "correct the stage or the node; src/ops/verify.cc lists what each stage allows",
     "dsquant dump model.dsir", "error[E205]: model.dsir: node 'q': requantize marks what planning decides (stage float)"},
    {Code::pass_unknown, Exit::usage, "unknown pass",
     "No pass has this name.",
     "see `dsquant list passes`",
     "dsquant opt model.dsir --passes fuse_bais", "error[E301]: there is no pass 'fuse_bais'; the nearest name is 'fuse_bias'"},
    {Code::pass_order, Exit::refused, "pass at the wrong stage",
     "A pass was asked for at a stage of the graph at which it is not defined, or a quantized model was to be quantized.",
     "see `dsquant list passes` for the stages",
     "dsquant model.dsq", "error[E302]: model.dsq: it is a .dsq file, quantized already; only float models can be quantized\nhelp: give the .onnx file that it was made from; `dsquant inspect` names it"},
    {Code::pass_inconsistent, Exit::internal, "pass reported a wrong result",
     "A pass said that it changed the graph and did not, or the other way round, left what its stage does not allow, or never settled.",
     "please report it with the reproducer that was written",
     "", ""},
    {Code::not_applicable, Exit::ok, "not applied",
     "A rewrite or a quantization rule did not apply; the reason is given. This is a note, not an error.",
     "nothing needs to be done",
     "dsquant model.onnx --explain", "note[E304]: no --data: activation ranges are taken at run time, for each sample"},
    {Code::data_unreadable, Exit::refused, "data cannot be read",
     "A file of samples is damaged, ends early, or is of a kind that is not read.",
     "check the file that is named: JPEG, PNG or BMP for pictures, numpy.save or numpy.savez without pickled objects for arrays; --skip-bad N leaves out up to N samples",
     "dsquant model.onnx --data x.npz", "error[E401]: x.npz: not a .npz archive, or it ends early"},
    {Code::data_mismatch, Exit::refused, "data does not fit the model",
     "A sample is not what the model's input asks for: an array's name, shape or element type, or a picture's size or channels.",
     "give samples of the shape and type that the input asks for, arrays under its name; `dsquant data check` shows what there is",
     "dsquant model.onnx --data x.npz", "error[E402]: x.npz: no array is named 'x'; nearest is 'z'\nhelp: the model expects 'x' f32[?,4]"},
    {Code::data_not_finite, Exit::refused, "NaN or Inf in data",
     "A sample holds values that are not finite, or the network makes some of a sample; ranges taken from them would be meaningless.",
     "remove the sample that is named; --skip-bad N leaves out up to N that hold such values",
     "dsquant model.onnx --data x.npz", "error[E403]: x.npz: array 'x': sample 4 holds nan"},
    {Code::labels_mismatch, Exit::refused, "labels do not fit",
     "The labels' number or values do not fit the data or the model's output.",
     "give one integer class per sample, from 0 to the number of classes - 1",
     "dsquant model.onnx --data x.npz --labels labels.npy", "error[E404]: labels.npy: 4 labels for 5 samples"},
    {Code::far_from_float, Exit::ok, "result far from float",
     "The quantized network's outputs differ much from the float network's. This is a warning: the result was written.",
     "give real samples with --data, or keep the worst layers of the report at a higher precision with --keep",
     "dsquant model.onnx", "warning[E405]: the outputs are at 0.0 dB of float on a synthetic probe; give real samples with --data, so that ranges are calibrated"},
    {Code::preprocess_assumed, Exit::ok, "preprocessing guessed",
     "Nothing says how the levels of pictures become numbers, so they were divided by 255. This is a warning.",
     "say what the model was trained with: --preset imagenet, unit or minus1to1, or --scale, --mean and --std",
     "dsquant model.onnx --data pictures", "warning[E406]: pictures go in as levels / 255, which is a guess; say what the model was trained with: --preset imagenet, unit or minus1to1, or --scale, --mean and --std"},
    {Code::not_held_out, Exit::ok, "measured on what was calibrated on",
     "There are too few samples to keep some apart, so the figures come from those that ranges were calibrated on. This is a warning.",
     "give more samples, or others with --eval-data",
     "dsquant model.onnx --data x.npz  # of three samples", "warning[E407]: measured on the samples that ranges come from: 3 samples are too few to part; --eval-data gives others"},
    {Code::calibration_invalid, Exit::refused, "calibration table cannot be read",
     "The file is no table that `dsquant calibrate` wrote, it is of another version, or its contents are damaged.",
     "write the table again with dsquant calibrate",
     "dsquant model.onnx --calibration t.json", "error[E408]: t.json: its contents do not match its hash"},
    {Code::calibration_mismatch, Exit::refused, "calibration table of something else",
     "A calibration table belongs to another network, to other shapes or to pictures that were prepared otherwise; it lacks shards or values; or parts do not belong together.",
     "calibrate this network with the same options",
     "dsquant model.onnx --calibration t.json", "error[E409]: t.json: its network is another one, or has other shapes"},
    {Code::aim_missed, Exit::ok, "more is lost than aimed at",
     "The result was written, but it loses more than is meant to be lost where no limit was set. This is a warning; --max-drop makes it a gate.",
     "see the report for the worst layers and the flags that mend them, or say with --max-drop what may be lost",
     "dsquant model.onnx --data x.npz --labels labels.npy --eval-fraction 0", "warning[E420]: accuracy drop: 90.00 points (95 %: 37.27 to 98.21, 10 samples), the aim is 0.3 points; the report names the layers that lose most and what mends them"},
    {Code::not_proved, Exit::ok, "too few samples to prove a limit",
     "What is lost lies within --max-drop, but its 95 % interval does not: on so few samples more may be lost than they show. This is a warning.",
     "measure on as many samples as the message names, with --eval-data",
     "dsquant model.onnx --data x.npz --max-drop 0.3 --output-kind scores", "warning[E421]: estimated accuracy drop: 0.3 points cannot be proved on 5 samples: at what they show it takes 1278"},
    {Code::metric_failed, Exit::refused, "metric command failed",
     "The program of --metric-command cannot be started, ends with another status than 0, or prints no number. The result was written.",
     "run it by hand on what `dsquant run --outputs` writes; it has to print a number last",
     "dsquant model.onnx --data x.npz --metric-command 'false {outputs}'", "error[E422]: false: the metric command ended with status 1"},
    {Code::dsq_invalid, Exit::refused, "not a valid .dsq file",
     "The file's structure breaks a rule of formats/dsq/SEMANTICS.md.",
     "write the file again with dsquant",
     "dsquant inspect model.dsq", "error[E601]: model.dsq: the metadata is not a FlatBuffer of this schema"},
    {Code::dsq_corrupt, Exit::refused, ".dsq file damaged",
     "The bytes of a section do not match their hash.",
     "copy the file again, or write it again",
     "dsquant inspect model.dsq  # one byte is another", "error[E602]: model.dsq: the metadata does not match its hash"},
    {Code::dsq_newer, Exit::refused, ".dsq file of a newer version",
     "The file was written by a newer dsquant and uses features that this one does not know.",
     "update dsquant",
     "dsquant inspect model.dsq", "error[E603]: model.dsq: the container has version 2, this dsquant reads up to 1"},
    {Code::write_failed, Exit::refused, "output cannot be written",
     "An output file, its folder or standard output cannot be written, or the disk is full. No file is left half written: each is as it was, or whole.",
     "check the folder, its permissions and the free space, or give another path with -o",
     "dsquant model.onnx -o nowhere/model.dsq", "error[E604]: nowhere/model.dsq: cannot write into the folder: No such file or directory"},
    {Code::report_invalid, Exit::refused, "not a report",
     "The file is not a report of dsquant, lacks a part of it, or was written by a newer version.",
     "give the .report.json file that dsquant wrote beside the .dsq file",
     "dsquant diff model.onnx model.report.json", "error[E605]: model.onnx: the text is not a dsquant report"},
    {Code::op_not_runnable, Exit::refused, "operator cannot run",
     "The backend has no kernel for this operator with these types.",
     "export this part of the model in fp32; --backend portable takes the most types",
     "dsquant run model.dsir --inputs x.npz", "error[E701]: model.dsir: node 'wave': sin of f16 is not supported"},
    {Code::run_failed, Exit::refused, "run failed",
     "A node refused its inputs while the network ran.",
     "check the input shapes and values",
     "dsquant run model.onnx --inputs x.npz  # an index of 9 into 4 rows", "error[E702]: model.onnx: node 'y': index 9 is outside [0, 4)"},
    {Code::out_of_memory, Exit::refused, "not enough memory",
     "The model or its values need more memory than can be had.",
     "use a smaller --batch or smaller shapes",
     "dsquant run model.onnx --inputs x.npz", "error[E703]: model.onnx: node 'e': expand: the result would be f32[?,4000000000000]"},
    {Code::backend_missing, Exit::usage, "backend not available",
     "This build, or this machine, does not have the backend that was asked for.",
     "see `dsquant version` for the features of this build",
     "dsquant run model.onnx --inputs x.npz --backend cuda", "error[E704]: this is built without CUDA; the backends are onednn and portable"},
    {Code::usage, Exit::usage, "wrong usage",
     "The command line cannot be understood.",
     "see `dsquant --help`",
     "dsquant model.onnx --wieghts int8", "error[E801]: unknown option '--wieghts'; nearest is '--weights'\nhelp: see `dsquant quantize --help`"},
    {Code::option_conflict, Exit::usage, "options contradict each other",
     "Two options, or an option and the model, cannot be used together.",
     "drop one of them",
     "dsquant model.onnx --weights fp16 --act int4", "error[E802]: --act int4 needs integer weights, not --weights fp16\nhelp: add --act float, or choose --weights int8"},
    {Code::selector_unmatched, Exit::usage, "selector matches nothing",
     "A --keep pattern matches no node and no node type.",
     "use a name from `dsquant inspect`; * and ? match any characters, \\* and \\? themselves",
     "dsquant model.onnx --keep 'haed=fp16'", "error[E803]: model.onnx: pass plan_quant: --keep 'haed' matches no layer; nearest is 'head'"},
    {Code::gate_failed, Exit::gate, "quality gate failed",
     "The result was written, but it misses a limit that the command line set.",
     "see the report for the worst layers and the flags that mend them",
     "dsquant model.onnx --min-sqnr 60", "error[E804]: output SQNR: 45.3 dB, the limit is >= 60 dB"},
    {Code::internal, Exit::internal, "internal error",
     "dsquant itself is at fault.",
     "please report it with the command line and, if you can, the model",
     "", ""},
});
// clang-format on

constexpr auto kCodes = [] {
  std::array<CodeInfo, kRows.size()> codes{};
  std::ranges::transform(kRows, codes.begin(), [](const Row& row) {
    return CodeInfo{row.code, row.exit, row.title, row.meaning, row.next};
  });
  return codes;
}();

}  // namespace

std::span<const CodeInfo> all_codes() { return kCodes; }

const CodeInfo& info_of(Code code) {
  const auto row = std::ranges::find(kCodes, code, &CodeInfo::code);
  DSQ_CHECK(row != kCodes.end(), "every code has a row in codes.cc");
  return *row;
}

CodeExample example_of(Code code) {
  const auto row = std::ranges::find(kRows, code, &Row::code);
  DSQ_CHECK(row != kRows.end(), "every code has a row in codes.cc");
  const bool advice = row->exit != Exit::ok && row->prints.find("help: ") == std::string_view::npos;
  return {row->command, std::string(row->prints) + (advice ? "\nhelp: " + std::string(row->next) : "")};
}

std::string code_name(Code code) { return fmt::format("E{}", static_cast<int>(code)); }

}  // namespace dsq
