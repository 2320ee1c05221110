// The commands, in the order of the help. A new one is a line here and a file cmd_<verb>.cc.
#include <array>

#include "cli/command.h"

namespace dsq::cli {
namespace {

constexpr auto kCommands = std::to_array<Command>({
    {"quantize", "Quantize a model; the word may be left out",
     "  dsquant --weights int8 --act int4 model.onnx\n"
     "  dsquant --act int4 model.onnx --data x.npz --labels y.npy --max-drop 1\n"
     "  dsquant --act int8 model.onnx --keep 'head*=fp16' -o small.dsq\n"
     "  dsquant --act int8 model.onnx --dry-run\n"
     "  dsquant --config job.toml model.onnx\n",
     define_quantize},
    {"calibrate", "Find the ranges of a model's values on samples, also on several machines",
     "  dsquant calibrate model.onnx --data x.npz -o ranges.json\n"
     "  dsquant calibrate model.onnx --data x.npz --shard 2/4 -o part2.json\n"
     "  dsquant calibrate --merge part*.json -o ranges.json\n"
     "  dsquant model.onnx --calibration ranges.json\n",
     define_calibrate},
    {"run", "Run a model on samples and store what comes out",
     "  dsquant run model.dsq --inputs x.npz --outputs y.npz\n"
     "  dsquant run model.onnx --inputs x.npz --profile\n",
     define_run},
    {"inspect", "Show what a model holds: inputs, operators, layers, cost, precision",
     "  dsquant inspect model.onnx\n"
     "  dsquant inspect model.onnx --shape x=1,3,224,224\n",
     define_inspect},
    {"dump", "Print a model as text",
     "  dsquant dump model.onnx\n"
     "  dsquant dump model.dsq --full > model.dsir\n",
     define_dump},
    {"compare", "Show how far two models are apart, and where they begin to part",
     "  dsquant compare model.onnx model.dsq --inputs x.npz\n"
     "  dsquant compare old.onnx new.onnx --inputs x.npz --threshold 60\n",
     define_compare},
    {"bench", "Show how fast a model runs, and where its time goes",
     "  dsquant bench model.dsq --threads 1\n"
     "  dsquant bench model.onnx --inputs x.npz --batch 8 --seconds 10\n",
     define_bench},
    {"data", "Show what samples hold, and what is wrong with them",
     "  dsquant data check pictures/ model.onnx --preset imagenet\n"
     "  dsquant data check x.npz model.onnx --json\n",
     define_data},
    {"diff", "Show what changed between two reports",
     "  dsquant diff old.report.json new.report.json\n"
     "  dsquant diff old.report.json new.report.json --fail-on-regression\n",
     define_diff, false},
    {"reproduce", "Show how a .dsq file was made, make it again and compare",
     "  dsquant reproduce model.dsq\n"
     "  dsquant reproduce model.dsq --model old/model.onnx --data x.npz\n",
     define_reproduce},
    {"opt", "Run passes on text, and replay what a failed one left behind",
     "  dsquant opt model.dsir --passes fold_batchnorm,fuse_bias\n"
     "  dsquant opt model.dsir --list canonicalize,plan --act int8 -o out.dsir\n"
     "  dsquant opt model.repro.dsir\n",
     define_opt},
    {"list", "List passes, operators, backends, error codes or precisions",
     "  dsquant list passes\n"
     "  dsquant list codes --json\n",
     define_list, false},
    {"explain", "Say what an error code means, with an example, and what to do", "  dsquant explain E105\n",
     define_explain, false},
    {"selftest", "Check that dsquant works on this machine, without any file of yours", "  dsquant selftest\n",
     define_selftest, false},
    {"completion", "Print the completion script of a shell",
     "  source <(dsquant completion bash)      in ~/.bashrc; zsh likewise\n"
     "  dsquant completion fish | source       in ~/.config/fish/config.fish\n",
     define_completion, false},
    {"man", "Print the man page", "  dsquant man > dsquant.1 && man -l dsquant.1\n", define_man, false},
    {"version", "Show the version and what this build can do", "  dsquant version\n", define_version, false},
});

}  // namespace

std::span<const Command> commands() { return kCommands; }

}  // namespace dsq::cli
