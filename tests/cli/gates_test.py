"""What is lost and whether gates hold: figures against NumPy's on what `dsquant run` writes, exit statuses, files for CI.
usage: gates_test.py DSQUANT"""
import json
import os
import subprocess
import sys
import tempfile
import time
import unittest
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np

DSQUANT = str(Path(sys.argv[1]).resolve())
NET = """graph "net" stage=float (%x: f32[?,3,8,8]) -> (%y) {
  %w = const f32[8,3,3,3] rand(seed=1)
  %b = const f32[8] rand(seed=2)
  %flat = const i64[2] {-1, 512}
  %v = const f32[8,8,3,3] rand(seed=4)
  %lw = const f32[10,512] rand(seed=3)
  %c = conv(%x, %w, %b) {pads=[1,1,1,1]} @"conv1"
  %r = relu(%c) @"relu1"
  %d = conv(%r, %v) {pads=[1,1,1,1]} @"conv2"
  %s = relu(%d) @"relu2"
  %g = reshape(%s, %flat)
  %y = linear(%g, %lw) @"fc"
}
"""
SCORE = """import sys
import numpy as np
scores = np.load(sys.argv[1])["y"]
print("scored", len(scores))
print(100 * np.mean(scores.argmax(1) == np.load(sys.argv[2])))
"""


def softmax(x):
    e = np.exp(x.astype(np.float64) - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


class Gates(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        os.chdir(cls.folder.name)
        Path("net.dsir").write_text(NET)
        Path("score.py").write_text(SCORE)
        rng = np.random.default_rng(5)
        x = rng.normal(size=(1500, 3, 8, 8)).astype(np.float32)
        np.savez("calibration.npz", x=rng.normal(size=(64, 3, 8, 8)).astype(np.float32))
        np.savez("all.npz", x=x)
        cls.dsquant("net.dsir", "--data", "calibration.npz", "--eval-fraction", "0", "-o", "net.dsq",
                    "--mixed", "off", "--recover", "none")  # a network that loses
        cls.float = cls.outputs("net.dsir", "all.npz")
        cls.quantized = cls.outputs("net.dsq", "all.npz")
        cls.x = x

    @classmethod
    def tearDownClass(cls):
        os.chdir("/")
        cls.folder.cleanup()

    @classmethod
    def dsquant(cls, *words, status=0):
        done = subprocess.run([DSQUANT, *words], capture_output=True, text=True)
        assert done.returncode == status, (words, done.returncode, done.stdout, done.stderr)
        return done

    @classmethod
    def outputs(cls, model, data):
        cls.dsquant("run", model, "--inputs", data, "--outputs", "out.npz")
        return np.load("out.npz")["y"]

    def quantize(self, *words, status=0, name="q"):
        done = self.dsquant("net.dsir", "--data", "calibration.npz", "-o", f"{name}.dsq", "--mixed", "off", "--recover", "none",
                            *words, status=status)
        return done, json.loads(Path(f"{name}.report.json").read_text())

    def one_in(self, count):
        """A set of so many samples, labelled as float has it, of which the quantized network has one wrong."""
        same = self.float.argmax(1) == self.quantized.argmax(1)
        self.assertGreater(np.sum(same), count)
        chosen = np.sort(np.concatenate([np.flatnonzero(same)[: count - 1], np.flatnonzero(~same)[:1]]))
        np.savez("eval.npz", x=self.x[chosen])
        np.save("labels.npy", self.float[chosen].argmax(1))
        return chosen, ["--eval-data", "eval.npz", "--eval-labels", "labels.npy"]

    def test_one_point_lost_fails_and_names_the_worst_layers(self):
        chosen, data = self.one_in(100)
        done, report = self.quantize(*data, "--max-drop", "0.3", "--junit", "j.xml", "--sarif", "s.sarif", "--markdown",
                                     "m.md", status=1)
        self.assertIn("error[E804]: accuracy drop: 1.00 points", done.stderr)
        self.assertTrue(Path("q.dsq").stat().st_size > 0)
        loss = report["losses"][0]
        self.assertEqual((loss["measure"], loss["samples"]), ("accuracy", 100))
        self.assertAlmostEqual(loss["points"], 1)
        lost = np.flatnonzero(self.float[chosen].argmax(1) != self.quantized[chosen].argmax(1))
        self.assertEqual([row["sample"] for row in loss["worst"]], lost.tolist())
        self.assertTrue(loss["low"] < 1 < loss["high"])
        [failure] = ElementTree.parse("j.xml").getroot().findall("testsuite/testcase/failure")
        for layer in ("conv1", "conv2", "fc"):
            self.assertIn(f"  {layer}: input SQNR", failure.text)
        self.assertIn("accuracy drop", Path("m.md").read_text())
        results = json.loads(Path("s.sarif").read_text())["runs"][0]["results"]
        self.assertIn("gate/accuracy-drop", [result["ruleId"] for result in results])
        self.quantize(*data, "--max-drop", "1")
        done, _ = self.quantize(*data)  # the aim is no gate
        self.assertIn("warning[E420]: accuracy drop: 1.00 points", done.stderr)

    def test_few_samples_prove_nothing(self):
        same = np.flatnonzero(self.float.argmax(1) == self.quantized.argmax(1))[:30]
        np.savez("few.npz", x=self.x[same])
        np.save("few.npy", self.float[same].argmax(1))
        done, report = self.quantize("--eval-data", "few.npz", "--eval-labels", "few.npy", "--max-drop", "0.3")
        self.assertIn("warning[E421]: accuracy drop: 0.3 points cannot be proved on 30 samples: at what they show it takes 1277",
                      done.stderr)
        self.assertEqual(report["losses"][0]["needed"], 1277)
        self.assertIn("cannot be proved on 30 samples", done.stdout)

    def test_figures_are_those_of_numpy(self):
        labels = (np.arange(1500) * 7 % 10).astype(np.int64)
        labels[:700] = self.float[:700].argmax(1)
        np.save("all_labels.npy", labels)
        _, report = self.quantize("--eval-data", "all.npz", "--eval-labels", "all_labels.npy")
        accuracy, estimated = report["losses"][:2]
        a, b = self.float.argmax(1), self.quantized.argmax(1)
        self.assertAlmostEqual(accuracy["points"], 100 * (np.mean(a == labels) - np.mean(b == labels)))
        self.assertAlmostEqual(accuracy["agreement"], np.mean(a == b))
        p = softmax(self.float)
        rows = np.arange(1500)
        self.assertAlmostEqual(estimated["points"], 100 * np.mean(p[rows, a] - p[rows, b]), 5)
        for row in report["accuracy"]["classes"]:
            for name, chosen in (("float", a), ("quantized", b)):
                right = np.sum((chosen == row["label"]) & (labels == row["label"]))
                self.assertAlmostEqual(row[f"{name}_precision"], right / max(1, np.sum(chosen == row["label"])))
                self.assertAlmostEqual(row[f"{name}_recall"], right / max(1, np.sum(labels == row["label"])))
        five = np.argsort(-self.quantized, 1, kind="stable")[:, :5]
        self.assertAlmostEqual(report["accuracy"]["quantized_top5"], np.mean((five == labels[:, None]).any(1)))

    def test_kinds_that_the_user_names(self):
        def loss(kind):
            return self.quantize("--eval-data", "all.npz", "--output-kind", kind)[1]["losses"][0]

        a, b = self.float.astype(np.float64), self.quantized.astype(np.float64)
        cosines = (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
        self.assertAlmostEqual(loss("embedding")["quantized"], np.mean(cosines), 6)
        self.assertAlmostEqual(loss("other")["quantized"], 10 * np.log10((a**2).sum() / ((b - a) ** 2).sum()), 4)
        yes, now = a > 0.5, b > 0.5
        self.assertAlmostEqual(loss("mask")["quantized"], 2 * np.sum(yes & now) / (yes.sum() + now.sum()))
        self.assertEqual(loss("scores")["measure"], "estimated")

    def test_other_gates(self):
        agreement = 100 * np.mean(self.float.argmax(1) == self.quantized.argmax(1))
        data = ["--eval-data", "all.npz", "--output-kind", "scores"]
        self.quantize(*data, "--min-agreement", f"{agreement - 0.1:.2f}")
        done, _ = self.quantize(*data, "--min-agreement", f"{agreement + 0.1:.2f}", status=1)
        self.assertIn("error[E804]: agreement with float", done.stderr)
        done, _ = self.quantize(*data, "--min-cosine", "0.99999", status=1)
        self.assertIn("error[E804]: cosine with float", done.stderr)
        done, _ = self.quantize(*data, "--max-size", "1k", status=1)
        self.assertIn("error[E804]: size", done.stderr)
        self.quantize(*data, "--max-size", "1M", "--min-cosine", "0.5")

    def test_baseline(self):
        data = ["--eval-data", "all.npz", "--output-kind", "scores"]
        _, old = self.quantize(*data, name="old")
        self.quantize(*data, "--baseline", "old.report.json")
        old["losses"][0]["points"] -= 0.1
        old["artefact"]["bytes"] -= 100
        Path("better.json").write_text(json.dumps(old))
        done, _ = self.quantize(*data, "--baseline", "better.json", status=1)
        self.assertIn("error[E804]: baseline: estimated accuracy drop", done.stderr)
        self.assertIn("error[E804]: baseline: size", done.stderr)
        done = self.dsquant("net.dsir", "--baseline", "net.dsir", status=3)
        self.assertIn("error[E605]", done.stderr)

    def test_two_models_are_compared_and_gated(self):
        labels = self.float.argmax(1)
        np.save("float.npy", labels)
        agreement = np.mean(labels == self.quantized.argmax(1))
        words = ["compare", "net.dsir", "net.dsq", "--inputs", "all.npz", "--labels", "float.npy", "--json"]
        result = json.loads(self.dsquant(*words, "--max-drop", "50").stdout)
        self.assertAlmostEqual(result["losses"][0]["points"], 100 * (1 - agreement))
        self.assertAlmostEqual(result["accuracy"]["quantized_top1"], agreement)
        done = self.dsquant(*words, "--max-drop", "1", "--min-agreement", "100", "--junit", "c.xml", status=1)
        self.assertIn("error[E804]: accuracy drop", done.stderr)
        self.assertEqual(ElementTree.parse("c.xml").getroot().get("failures"), "2")
        self.dsquant("compare", "net.dsir", "net.dsir", "--inputs", "all.npz", "--max-drop", "0", "--min-cosine", "1")

    def test_metric_command(self):
        _, data = self.one_in(100)
        command = f"{sys.executable} score.py {{outputs}} {{labels}}"
        done, report = self.quantize(*data, "--metric-command", command, "--max-drop", "0.5", status=1)
        self.assertIn("error[E804]: metric drop: 1 ", done.stderr)
        loss = report["losses"][0]
        self.assertEqual((loss["measure"], loss["reference"], loss["quantized"]), ("command", 100, 99))
        self.quantize(*data, "--metric-command", command, "--max-drop", "1")

    def test_metric_commands_that_fail_keep_the_artefact(self):
        data = ["--eval-data", "all.npz", "--max-drop", "90"]
        for command, what in (("false {outputs}", "ended with status 1"),
                              ("echo none {outputs}", "is no number"),
                              ("true {outputs}", "printed nothing"),
                              ("echo {outputs}\nnan", "is no number"),
                              ("./nowhere {outputs}", "cannot be started"),
                              ("sh -c 'kill -9 $$' {outputs}", "ended by signal 9")):
            done, report = self.quantize(*data, "--metric-command", command, status=3, name="kept")
            self.assertIn("error[E422]", done.stderr)
            self.assertIn(what, done.stderr)
            self.assertTrue(Path("kept.dsq").stat().st_size > 0)
            self.assertFalse(report["verdict"]["passed"])
            for file in ("kept.dsq", "kept.report.json"):
                Path(file).unlink()
        for command in ("python3 score.py", "python3 score.py {outputs} {labels}"):
            done = self.dsquant("net.dsir", *data, "-o", "no.dsq", "--metric-command", command, status=2)
            self.assertIn("error[E802]", done.stderr)
        self.assertFalse(Path("no.dsq").exists())

    def test_an_interrupted_metric_command_leaves_nothing(self):
        Path("tmp").mkdir()
        command = f"{sys.executable} -c 'import time; time.sleep(60)' {{outputs}}"
        words = [DSQUANT, "net.dsir", "--data", "calibration.npz", "-o", "i.dsq", "--metric-command", command]
        running = subprocess.Popen(words, stderr=subprocess.PIPE, env={**os.environ, "TMPDIR": "tmp"})
        deadline = time.monotonic() + 30
        while not list(Path("tmp").glob("*/outputs.npz")) and time.monotonic() < deadline:
            time.sleep(0.05)
        running.terminate()
        self.assertEqual(running.wait(timeout=10), 143)
        running.stderr.close()
        self.assertEqual(list(Path("tmp").iterdir()), [])
        self.assertFalse(Path("i.dsq").exists())

    def test_no_shell_runs(self):
        self.quantize("--eval-data", "all.npz", "--metric-command", "echo 1;touch owned {outputs} $(touch owned)\n", status=3)
        self.quantize("--eval-data", "all.npz", "--metric-command", "expr 3 # {outputs}", status=3)
        self.assertFalse(Path("owned").exists())

    def test_one_sample_and_constant_outputs(self):
        np.savez("one.npz", x=self.x[:1])
        done, report = self.quantize("--eval-data", "one.npz", "--max-drop", "50", "--output-kind", "scores")
        self.assertNotIn("low", report["losses"][0])
        self.assertIn("cannot be proved on 1 sample", done.stderr)
        np.savez("same.npz", x=np.zeros((20, 3, 8, 8), np.float32))
        _, report = self.quantize("--eval-data", "same.npz")
        self.assertEqual(len({row["points"] for row in report["losses"][0]["worst"]} | {0}) <= 2, True)

    def test_labels_that_do_not_fit(self):
        for labels in (np.full(1500, 10), np.zeros(7, np.int64), np.full(1500, -1)):
            np.save("bad.npy", labels)
            done = self.dsquant("net.dsir", "--data", "calibration.npz", "-o", "no.dsq", "--mixed", "off", "--recover", "none", "--eval-data", "all.npz",
                                "--eval-labels", "bad.npy", status=3)
            self.assertIn("error[E404]", done.stderr)

    def test_files_for_ci_do_not_replace_others(self):
        for words in (["--junit", "net.dsir"], ["--junit", "x.json"], ["--junit", "nowhere/x.xml"], ["--markdown", "q.dsq"],
                      ["--sarif", "q.report.json"], ["--junit", "a.xml", "--sarif", "./a.xml"]):
            done = subprocess.run([DSQUANT, "net.dsir", "-o", "q.dsq", *words], capture_output=True, text=True)
            self.assertIn(done.returncode, (2, 3), words)
            self.assertRegex(done.stderr, "error\\[E(802|604)\\]")


unittest.main(argv=["gates_test.py"])
