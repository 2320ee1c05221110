#include "src/support/codes.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "src/support/check.h"

namespace dsq {
namespace {

// clang-format off
constexpr auto kCodes = std::to_array<CodeInfo>({
    {Code::file_unreadable, Exit::refused, "file cannot be read",
     "The file does not exist, is not a regular file, or may not be read.",
     "check the path and its permissions"},
    {Code::not_a_model, Exit::refused, "not a model",
     "The file is neither an ONNX model nor a .dsq file, or it holds no graph.",
     "pass the .onnx file that the exporter wrote"},
    {Code::model_truncated, Exit::refused, "model ends early",
     "The file begins like a model and then stops or turns to garbage, as after an interrupted download.",
     "copy or export the file again and compare its size"},
    {Code::opset_unsupported, Exit::refused, "opset not supported",
     "The model asks for an operator set, or an IR version, that is outside the supported range.",
     "export the model again with an opset from 7 to 25"},
    {Code::ops_unsupported, Exit::refused, "operators not supported",
     "The model holds operators that cannot be imported; all of them are listed.",
     "export these parts with other operators, or cut them off the model"},
    {Code::attribute_invalid, Exit::refused, "attribute invalid",
     "A node has an attribute that is missing, of the wrong type or out of range.",
     "check the node in the exporter; the ONNX checker shows the same node"},
    {Code::tensor_invalid, Exit::refused, "tensor invalid",
     "A stored tensor has a size, a type or data that do not fit together.",
     "export the model again; the file may be damaged"},
    {Code::external_data, Exit::refused, "external data missing or unsafe",
     "A tensor lies in another file that is missing, too short, or outside the model's folder.",
     "keep the data files beside the model, under the names that it gives"},
    {Code::shape_override, Exit::usage, "shape does not fit an input",
     "--shape names no input of the model, or gives dimensions that contradict the model's own.",
     "use --shape NAME=1,3,224,224 with an input name from `dsquant inspect`"},
    {Code::weights_not_finite, Exit::refused, "NaN or Inf in weights",
     "A weight tensor holds values that are not finite, so no scale exists for it.",
     "train or export the model again; such a network computes NaN"},
    {Code::graph_invalid, Exit::refused, "graph invalid",
     "The graph breaks a structural rule: a value without producer, a cycle, a wrong number of inputs.",
     "run the ONNX checker on the model, or report the model if it passes there"},
    {Code::type_mismatch, Exit::refused, "element types do not fit",
     "A node gets values of an element type that its operator does not take.",
     "check the node in the exporter"},
    {Code::shape_mismatch, Exit::refused, "shapes do not fit",
     "A node gets values whose shapes cannot be combined.",
     "check the node in the exporter, or the shapes given with --shape"},
    {Code::text_syntax, Exit::refused, "text form cannot be parsed",
     "A .dsir text does not follow the grammar in src/ir/print.h.",
     "look at the line and column that are named"},
    {Code::stage_violation, Exit::internal, "graph illegal at its stage",
     "A pass left the graph in a form that its stage does not allow.",
     "please report it with the reproducer that was written"},
    {Code::pass_unknown, Exit::usage, "unknown pass",
     "No pass has this name.",
     "see `dsquant list passes`"},
    {Code::pass_order, Exit::usage, "pass at the wrong stage",
     "A pass was asked for at a stage of the graph at which it is not defined.",
     "see `dsquant list passes` for the stages"},
    {Code::pass_inconsistent, Exit::internal, "pass reported a wrong result",
     "A pass said that it changed the graph and did not, or the other way round, or never settled.",
     "please report it with the reproducer that was written"},
    {Code::not_applicable, Exit::ok, "not applied",
     "A rewrite or a quantization rule did not apply; the reason is given. This is a note, not an error.",
     "nothing needs to be done"},
    {Code::data_unreadable, Exit::refused, "data cannot be read",
     "A .npz or .npy file is missing, damaged or of a kind that is not supported.",
     "write it with numpy.savez or numpy.save, without pickled objects"},
    {Code::data_mismatch, Exit::refused, "data does not fit the model",
     "An array's name, shape or element type is not what the model's input asks for.",
     "name the arrays as the inputs and give them the shapes that are listed"},
    {Code::data_not_finite, Exit::refused, "NaN or Inf in data",
     "An input array holds values that are not finite; ranges taken from it would be meaningless.",
     "remove the sample that is named"},
    {Code::labels_mismatch, Exit::refused, "labels do not fit",
     "The labels' number or values do not fit the data or the model's output.",
     "give one integer class per sample, from 0 to the number of classes - 1"},
    {Code::far_from_float, Exit::ok, "result far from float",
     "The quantized network's outputs differ much from the float network's. This is a warning: the result was written.",
     "give real samples with --data, or keep the worst layers of the report at a higher precision with --keep"},
    {Code::dsq_invalid, Exit::refused, "not a valid .dsq file",
     "The file's structure breaks a rule of formats/dsq/SEMANTICS.md.",
     "write the file again with dsquant"},
    {Code::dsq_corrupt, Exit::refused, ".dsq file damaged",
     "The bytes of a section do not match their hash.",
     "copy the file again, or write it again"},
    {Code::dsq_newer, Exit::refused, ".dsq file of a newer version",
     "The file was written by a newer dsquant and uses features that this one does not know.",
     "update dsquant"},
    {Code::write_failed, Exit::refused, "output cannot be written",
     "The output file or its folder cannot be written, or the disk is full. Nothing was left behind.",
     "check the folder, its permissions and the free space, or give another path with -o"},
    {Code::report_invalid, Exit::refused, "not a report",
     "The file is not a report of dsquant, lacks a part of it, or was written by a newer version.",
     "give the .report.json file that dsquant wrote beside the .dsq file"},
    {Code::op_not_runnable, Exit::refused, "operator cannot run",
     "The backend has no kernel for this operator with these types.",
     "export this part of the model in fp32; --backend portable takes the most types"},
    {Code::run_failed, Exit::refused, "run failed",
     "A node refused its inputs while the network ran.",
     "check the input shapes and values"},
    {Code::out_of_memory, Exit::refused, "not enough memory",
     "The model or its values need more memory than can be had.",
     "use a smaller --batch or smaller shapes"},
    {Code::backend_missing, Exit::usage, "backend not available",
     "This build, or this machine, does not have the backend that was asked for.",
     "see `dsquant version` for the features of this build"},
    {Code::usage, Exit::usage, "wrong usage",
     "The command line cannot be understood.",
     "see `dsquant --help`"},
    {Code::option_conflict, Exit::usage, "options contradict each other",
     "Two options, or an option and the model, cannot be used together.",
     "drop one of them"},
    {Code::selector_unmatched, Exit::usage, "selector matches nothing",
     "A --keep or --only pattern matches no node and no node type.",
     "use a name from `dsquant inspect`; * and ? match any characters, \\* and \\? themselves"},
    {Code::gate_failed, Exit::gate, "quality gate failed",
     "The result was written, but it misses a limit that the command line set.",
     "see the report for the worst layers and the flags that mend them"},
    {Code::internal, Exit::internal, "internal error",
     "dsquant itself is at fault.",
     "please report it with the command line and, if you can, the model"},
});
// clang-format on

}  // namespace

std::span<const CodeInfo> all_codes() { return kCodes; }

const CodeInfo& info_of(Code code) {
  const auto row = std::ranges::find(kCodes, code, &CodeInfo::code);
  DSQ_CHECK(row != kCodes.end(), "every code has a row in codes.cc");
  return *row;
}

std::string code_name(Code code) { return fmt::format("E{}", static_cast<int>(code)); }

}  // namespace dsq
