"""--config and --print-config: what is printed gives the same run, flags win, and a wrong file is refused with its line.

Usage: config_test.py DSQUANT MAKE_FILE
"""
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

DSQUANT, MAKE_FILE = (str(Path(argument).resolve()) for argument in sys.argv[1:3])

NET = """graph "net" stage=float (%x: f32[?,3,8,8]) -> (%y) {
  %w = const f32[4,3,3,3] rand(seed=1)
  %axes = const i64[2] {2, 3}
  %lw = const f32[10,4] rand(seed=3)
  %c = conv(%x, %w) {pads=[1,1,1,1]} @"conv1"
  %r = relu(%c) @"relu1"
  %g = reduce_mean(%r, %axes) {keepdims=false} @"pool"
  %y = linear(%g, %lw) @"fc's \\"own\\" = name"
}
"""


def run(*arguments, status=0):
    done = subprocess.run([DSQUANT, *arguments], capture_output=True, text=True)
    if done.returncode != status:
        raise AssertionError(f"status {done.returncode} instead of {status}: {arguments}\n{done.stderr}")
    return done


def commands():
    listed = run("--help").stdout.split("commands:\n")[1].split("\n\n")[0]
    return re.findall(r"^  ([a-z]+) ", listed, re.M)


class Config(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.addCleanup(os.chdir, "/")
        os.chdir(folder.name)
        Path("net.dsir").write_text(NET)
        subprocess.run([MAKE_FILE, "npz", "x.npz", "x", "f32", "5,3,8,8"], check=True)

    def test_the_same_run(self):
        flags = ["net.dsir", "--weights", "int8", "--act", "int8", "--data", "x.npz", "--keep", 'fc\'s "own" = name=fp16',
                 "--keep", "conv*=int8", "--edges-at-act", "--max-weight-error", "0.02", "--min-sqnr", "-12.5", "--batch", "2",
                 "--shape", "x=5,3,8,8", "-o", "typed.dsq"]
        run(*flags)
        Path("job.toml").write_text(run(*flags, "--print-config").stdout)
        self.assertEqual(run("--config", "job.toml", "--print-config").stdout, Path("job.toml").read_text())
        typed = Path("typed.dsq").read_bytes()
        Path("typed.dsq").unlink()
        run("--config", "job.toml")
        self.assertEqual(Path("typed.dsq").read_bytes(), typed)
        run("--config", "job.toml", "--output", "other.dsq")
        self.assertEqual(Path("other.dsq").read_bytes(), typed)

    def test_numbers(self):
        Path("job.toml").write_text("mean = [0.5, 0.25, 1]\nstd = 2\nsize = [8, 6]\nscale = 0.5\npad = 7\nfit = 'letterbox'\n")
        printed = run("net.dsir", "--config", "job.toml", "--print-config").stdout
        for line in ("mean = '0.5,0.25,1'", "std = '2'", "size = '8,6'", "scale = '0.5'", "pad = '7'"):
            self.assertIn(line + "\n", printed)
        largest = str(2**63 - 1)
        Path("job.toml").write_text(run("net.dsir", "--seed", largest, "--print-config").stdout)
        self.assertIn(f"\nseed = {largest}\n", run("--config", "job.toml", "--print-config").stdout)
        self.assertIn("from 0 to 2^63 - 1", run("net.dsir", "--seed", str(2**63), "--print-config", status=2).stderr)

    def test_other_commands(self):
        run("net.dsir", "-o", "net.dsq")
        for flags in (["run", "net.dsir", "--inputs", "x.npz", "--batch", "1", "--backend", "portable", "-o", "y.npz"],
                      ["compare", "net.dsir", "net.dsq", "--inputs", "x.npz", "--values", "--threshold", "60"],
                      ["inspect", "net.dsir", "--shape", "x=1,3,8,8", "--json"],
                      ["dump", "net.dsir", "--full", "--canonical"]):
            Path("job.toml").write_text(run(*flags, "--print-config").stdout)
            again = run(flags[0], "--config", "job.toml")
            self.assertEqual(re.sub(r"[\d.]+ m?s\b", "", again.stdout), re.sub(r"[\d.]+ m?s\b", "", run(*flags).stdout))

    def test_every_command_reads_what_it_prints(self):
        for command in commands():
            if "--print-config" in run(command, "--help").stdout:
                printed = run(command, "--print-config").stdout
                Path("job.toml").write_text(printed)
                self.assertEqual(run(command, "--config", "job.toml", "--print-config").stdout, printed)
                flags = set(re.findall(r"--([a-z0-9-]+)", run(command, "--help").stdout.split("examples:")[0]))
                keys = set(re.findall(r"^(?:# )?([a-z0-9-]+) = ", printed, re.M))
                self.assertEqual(flags - {"config", "print-config", "help"} - keys, set(), f"{command} leaves out")

    def test_flags_win(self):
        Path("job.toml").write_text('model = "nowhere.onnx"\nweights = "int4"\nkeep = ["a=fp16"]\nedges-at-act = true\nbatch = 3\n')
        printed = run("--config", "job.toml", "net.dsir", "--weights", "int6", "--keep", "b=fp16", "--edges-at-act=false",
                      "--print-config").stdout
        for line in ("model = 'net.dsir'", "weights = 'int6'", "keep = ['b=fp16']", "batch = 3"):
            self.assertIn(line + "\n", printed)
        self.assertNotIn("\nedges-at-act", printed)

    def test_wrong_files(self):
        for text, *wanted in (
            ('weights = "int8"\n\nwieghts = "int8"\n', "job.toml:3: ", "'wieghts'", "nearest is 'weights'"),
            ('batch = "8"\n', "job.toml:1: ", "'batch' takes a number"),
            ("weights = 8\n", "job.toml:1: ", "'weights' takes a string"),
            ('edges-at-act = "yes"\n', "job.toml:1: ", "'edges-at-act' takes true or false"),
            ("keep = true\n", "job.toml:1: ", "'keep' takes a list of strings"),
            ("keep = [1]\n", "job.toml:1", "'keep' takes a list of strings"),
            ('keep = [1, "a=fp16"]\n', "job.toml:1", "more than strings"),
            ("mean = [0.5, nan]\n", "job.toml:1", "finite"),
            ("mean = true\n", "job.toml:1", "'mean' takes a number, a list of numbers or a string"),
            ("batch = [1]\n", "job.toml:1", "'batch' takes a number"),
            ('data = ["x.npz"]\n', "job.toml:1: ", "'data' takes a string"),
            ('\nweights = "int9"\n', "job.toml:2: ", "nearest is 'int"),
            ('shape = "x=1,three"\n', "job.toml:1: ", "NAME=1,3,224,224"),
            ("batch = 0\n", "job.toml:1: ", "from 1 to"),
            ("batch = 1.5\n", "job.toml:1: ", "whole number"),
            ("min-sqnr = nan\n", "job.toml:1", "finite"),
            ("min-sqnr = -inf\n", "job.toml:1", "finite"),
            ('output = ""\n', "job.toml:1", "empty"),
            ('output = "a\\u0000b"\n', "job.toml:1", "control character"),
            ("batch = 1\nbatch = 2\n", "job.toml:2:"),
            ("batch 1\n", "job.toml:1:"),
            ('weights = "int8\n', "job.toml:1:"),
            ("[quantize]\nbatch = 1\n", "job.toml:1", "'quantize'"),
            ("batch = 2020-01-01\n", "job.toml:1", "'batch'"),
            ('config = "job.toml"\n', "job.toml:1: ", "no setting 'config'"),
            ('inputs = "x.npz"\n', "job.toml:1: ", "dsquant quantize has no setting 'inputs'"),
            ("\x00\n", "job.toml:1:"),
            ("[" * 1000, "job.toml:1:"),
            ("a = " + "[" * 100000, "job.toml:1:"),
            ("#" * (1 << 21), "too many"),
        ):
            Path("job.toml").write_text(text)
            error = run("net.dsir", "--config", "job.toml", "-o", "no.dsq", status=3).stderr
            for part in ("error[E204]: job.toml", "help: ", *wanted):
                self.assertIn(part, error, text[:80])
            self.assertFalse(Path("no.dsq").exists())
        Path("job.toml").write_bytes(b'output = "\xff"\n')
        self.assertIn("error[E204]: job.toml:1:", run("net.dsir", "--config", "job.toml", status=3).stderr)
        self.assertIn("error[E101]", run("net.dsir", "--config", "nowhere.toml", status=3).stderr)
        self.assertIn("error[E101]", run("net.dsir", "--config", ".", status=3).stderr)
        Path("job.toml").write_text("")
        self.assertIn("MODEL is missing", run("--config", "job.toml", status=2).stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
