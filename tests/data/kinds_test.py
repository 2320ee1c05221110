"""Each kind of samples, what is said of bad ones, the split, and memory.

Usage: kinds_test.py DSQUANT
"""
import gzip
import json
import os
import struct
import subprocess
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper
from PIL import Image

from harness import DSQUANT, Samples, main

NET = """graph "net" stage=float (%x: f32[?,3,8,8]) -> (%y) {
  %w = const f32[4,3,3,3] rand(seed=1)
  %axes = const i64[2] {2, 3}
  %lw = const f32[3,4] rand(seed=3)
  %c = conv(%x, %w) {pads=[1,1,1,1]} @"conv1"
  %r = relu(%c)
  %g = reduce_mean(%r, %axes) {keepdims=false}
  %y = linear(%g, %lw) @"fc"
}
"""
TWO = 'graph "two" stage=float (%a: f32[?,3,8,8], %b: f32[?,3]) -> (%y, %z) {\n  %y = abs(%a)\n  %z = abs(%b)\n}\n'


def picture(seed, size=8):
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (size, size, 3), dtype=np.uint8))


def folder(path, classes, each, start=0):
    for c, name in enumerate(classes):
        Path(path, name).mkdir(parents=True)
        for i in range(each):
            picture(start + c * each + i).save(Path(path, name, f"{i:03}.png"))


def idx(array, code):
    kind = {8: ">u1", 13: ">f4"}[code]
    return struct.pack(">BBBB", 0, 0, code, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape) + array.astype(kind).tobytes()


def tensor(path, array, name="x"):
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_bytes(numpy_helper.from_array(array, name).SerializeToString())


class Kinds(Samples):
    def setUp(self):
        super().setUp()
        Path("net.dsir").write_text(NET)

    def report(self, *words, net="net.dsir"):
        self.dsquant(net, "-o", "q.dsq", *words)
        return json.loads(Path("q.report.json").read_text())

    # ---- kinds ----

    def test_folders_of_classes(self):
        folder("d", ["b", "a", "c"], 4)
        Path("d/notes.txt").write_text("no picture")
        check = self.check("d", "--preset", "unit", shape="?,3,8,8")
        self.assertEqual([(row["label"], row["name"], row["samples"]) for row in check["labels"]], [(0, "a", 4), (1, "b", 4), (2, "c", 4)])
        self.assertEqual(check["inputs"][0]["shapes"], ["[1,3,8,8]"])
        Path("d/classes.txt").write_text("c\nb\na\n")
        check = self.check("d", "--preset", "unit", shape="?,3,8,8")
        self.assertEqual([row["name"] for row in check["labels"]], ["c", "b", "a"])
        Path("d/classes.txt").write_text("c\nb\n")
        self.assertIn("classes.txt does not name the folder 'a'", self.check("d", status=3))
        Path("d/classes.txt").unlink()
        picture(99).save("d/top.png")
        self.assertIn("'top.png' lies beside the folders", self.check("d", status=3))
        Path("none").mkdir()
        self.assertIn("E402", self.check("none", status=3))

    def test_order_is_that_of_names_for_any_threads(self):
        Path("d").mkdir()
        for i in range(40):
            Image.new("RGB", (8, 8), (i, i, i)).save(f"d/{i:02}.png")
        for threads in (1, 2, 5):
            seen = self.seen("d", "--scale", "1", "--threads", threads, "--batch", "3", shape="?,3,8,8")
            np.testing.assert_array_equal(seen[:, 0, 0, 0], np.arange(40))

    def test_idx(self):
        images = np.random.default_rng(1).integers(0, 256, (12, 5, 7), dtype=np.uint8)
        labels = np.arange(12) % 3
        Path("t-images-idx3-ubyte").write_bytes(idx(images, 8))
        Path("t-labels-idx1-ubyte").write_bytes(idx(labels, 8))
        for suffix, pack in (("", bytes), (".gz", gzip.compress)):
            Path("t-images-idx3-ubyte" + suffix).write_bytes(pack(idx(images, 8)))
            Path("t-labels-idx1-ubyte" + suffix).write_bytes(pack(idx(labels, 8)))
            for shape, wanted in (("?,1,5,7", images[:, None]), ("?,5,7", images), ("?,35", images.reshape(12, 35))):
                np.testing.assert_array_equal(self.seen("t-images-idx3-ubyte" + suffix, "--scale", "1", shape=shape), wanted)
            check = self.check("t-images-idx3-ubyte" + suffix, "--preset", "unit", shape="?,1,5,7")
            self.assertEqual([row["samples"] for row in check["labels"]], [4, 4, 4])
        floats = np.random.default_rng(2).normal(size=(6, 4)).astype(np.float32)
        Path("f.idx").write_bytes(idx(floats, 13))
        np.testing.assert_array_equal(self.seen("f.idx", shape="?,4"), np.abs(floats))
        Path("cut.idx").write_bytes(idx(images, 8)[:-1])
        self.assertIn("E401", self.check("cut.idx", "--preset", "unit", shape="?,1,5,7", status=3))
        Path("cut.gz").write_bytes(gzip.compress(idx(images, 8))[:-20])
        self.assertIn("E401", self.check("cut.gz", "--preset", "unit", shape="?,1,5,7", status=3))
        bomb = struct.pack(">BBBBIII", 0, 0, 8, 3, 1 << 20, 1 << 10, 1 << 10)
        Path("bomb.gz").write_bytes(gzip.compress(bomb))
        self.assertIn("E401", self.check("bomb.gz", "--preset", "unit", shape="?,1,1024,1024", status=3))

    def test_onnx_test_data(self):
        arrays = np.random.default_rng(1).random((12, 3, 8, 8), dtype=np.float32)
        tensor("one/test_data_set_0/input_0.pb", arrays)
        np.testing.assert_array_equal(self.seen("one", shape="?,3,8,8"), arrays)
        for i in range(11):
            tensor(f"many/test_data_set_{i}/input_0.pb", arrays[i:i + 1])
            tensor(f"many/test_data_set_{i}/output_0.pb", arrays[i:i + 1])
        np.testing.assert_array_equal(self.seen("many", shape="?,3,8,8"), arrays[:11])
        self.assertEqual(self.check("many", shape="?,3,8,8")["samples"], 11)
        self.assertIn("expected outputs", self.warnings("run", self.echo("?,3,8,8"), "--inputs", "many"))
        Path("many/test_data_set_3/input_0.pb").write_bytes(b"\xff\xff")
        self.assertIn("E401", self.dsquant("run", self.echo("?,3,8,8"), "--inputs", "many", status=3))

    def test_manifests(self):
        Path("two.dsir").write_text(TWO)
        Path("m").mkdir()
        arrays = np.random.default_rng(1).random((6, 3), dtype=np.float32)
        lines = []
        for i in range(6):
            picture(i).save(f"m/{i}, x.png")
            np.save(f"m/{i}.npy", arrays[i])
            lines.append({"a": f"{i}, x.png", "b": f"{i}.npy", "label": i % 2})
        Path("m/list.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        Path("m/list.csv").write_text("b,a,label\n" + "".join(f'{i}.npy,"{i}, x.png",{i % 2}\n' for i in range(6)))
        for name in ("m/list.jsonl", "m/list.csv"):
            self.dsquant("run", "two.dsir", "--inputs", name, "-o", "y.npz", "--scale", "1")
            got = np.load("y.npz")
            np.testing.assert_array_equal(got["z"], arrays)
            np.testing.assert_array_equal(got["y"][5], np.asarray(picture(5)).transpose(2, 0, 1))
            check = json.loads(self.dsquant("data", "check", name, "two.dsir", "--json", "--scale", "1"))
            self.assertEqual([row["samples"] for row in check["labels"]], [3, 3])
        for text, said in [('{"a": "x.png"}\n{"a": 1.5}\n', "line 2"), ('{"a": "x.png", "label": "three"}\n', "'three' is not a whole number"),
                           ('{"a": "x.png", "label": 1}\n{"a": "y.png"}\n', "line 2: it has no label"), ("a,b\n1,2,3\n", "line 2: 3 values for 2 names"),
                           ("a,b\n1,\n", "'b' names no file"), ('a,b\n1,"2\n', "a quote is not closed"), ("a,label\n", "names no files")]:
            Path("bad").write_text(text)
            error = self.dsquant("run", "two.dsir", "--inputs", "bad", status=3)
            self.assertIn("error[E401]: bad: ", error)
            self.assertIn(said, error)
        Path("bad").write_text('{"z": "0.png"}\n')
        self.assertIn("no array is named 'a'", self.dsquant("run", "two.dsir", "--inputs", "bad", status=3))

    def test_arrays_are_taken_as_they_are(self):
        np.savez("x.npz", x=np.zeros((5, 3, 8, 8), np.float32))
        self.assertIn("error[E802]: x.npz: arrays are taken as they are, --preset unit is for pictures",
                      self.dsquant("run", "net.dsir", "--inputs", "x.npz", "--preset", "unit", status=2))

    # ---- what is odd ----

    def test_data_check(self):
        arrays = np.random.default_rng(1).normal(size=(50, 3, 8, 8)).astype(np.float32)
        arrays[7] = arrays[3]
        arrays[20] *= 40
        arrays[21] += 30
        arrays[22] = 0.25
        np.savez("x.npz", x=arrays)
        np.save("y.npy", np.arange(50) % 3)
        out = self.dsquant("data", "check", "x.npz", "net.dsir")
        for said in ("50 samples", "f32[?,3,8,8]", "1 duplicate\n  sample 3 = sample 7\n", "sample 20: its deviation is", "sample 21: its mean is",
                     "sample 22: constant: every value is 0.25", "3 outliers"):
            self.assertIn(said, out)
        arrays[30, 0, 0, 0] = np.nan
        np.savez("x.npz", x=arrays)
        check = subprocess.run([DSQUANT, "data", "check", "x.npz", "net.dsir", "--json"], capture_output=True, text=True)
        self.assertEqual(check.returncode, 3)
        self.assertEqual([row["sample"] for row in json.loads(check.stdout)["bad"]], ["sample 30"])
        self.assertIn("E403", check.stderr)
        self.dsquant("data", "check", "x.npz", "net.dsir", "--skip-bad", "1")

    def test_duplicates_whose_labels_differ(self):
        folder("d", ["a", "b"], 5)
        Path("d/b/copy.png").write_bytes(Path("d/a/001.png").read_bytes())
        out = self.dsquant("data", "check", "d", "net.dsir", "--preset", "unit")
        self.assertIn("d/a/001.png = d/b/copy.png; their labels differ", out)

    def test_bad_samples_may_be_skipped(self):
        folder("d", ["a", "b"], 10)
        Path("d/a/003.png").write_bytes(b"")
        Path("d/b/004.png").write_bytes(Path("d/b/005.png").read_bytes()[:90])
        words = ["run", "net.dsir", "--inputs", "d", "-o", "y.npz", "--preset", "unit"]
        self.assertIn("error[E401]: d/a/003.png: the file is empty", self.dsquant(*words, status=3))
        said = self.dsquant(*words, "--skip-bad", "1", status=3)
        self.assertIn("2 of 20 samples cannot be used", said)
        said = self.warnings(*words, "--skip-bad", "2")
        self.assertIn("warning[E401]: d/a/003.png", said)
        self.assertIn("warning[E401]: d/b/004.png", said)
        self.assertEqual(len(np.load("y.npz")["y"]), 18)
        report = self.report("--act", "int8", "--data", "d", "--preset", "unit", "--skip-bad", "2")
        self.assertEqual(report["data"]["samples"], 18)
        self.assertEqual(report["accuracy"]["samples"], report["data"]["measured_samples"])
        self.dsquant("reproduce", "q.dsq", "--model", "net.dsir", "--data", "d")

    def test_a_missing_file_may_be_skipped(self):
        Path("m").mkdir()
        for i in range(12):
            picture(i).save(f"m/{i}.png")
        Path("m/list.csv").write_text("x\n" + "".join(f"{i}.png\n" for i in range(12)))
        Path("m/7.png").unlink()
        flags = ["--data", "m/list.csv", "--preset", "unit"]
        self.assertIn("error[E101]: m/7.png", self.dsquant("net.dsir", *flags, status=3))
        report = self.report(*flags, "--skip-bad", "1")
        self.assertEqual(report["data"]["samples"], 11)
        again = ("reproduce", "q.dsq", "--model", "net.dsir", "--data", "m/list.csv")
        self.dsquant(*again)
        picture(7).save("m/7.png")
        self.assertIn("data differs", self.done(*again, status=1).stdout)

    def test_pictures_and_arrays_in_any_order(self):
        Path("m").mkdir()
        rows = np.random.default_rng(1).random((2, 3, 8, 8), dtype=np.float32)
        for i in range(2):
            picture(i).save(f"m/{i}.png")
            np.save(f"m/{i}.npy", rows[i])
        pixels = [np.asarray(picture(i)).transpose(2, 0, 1) for i in range(2)]
        for names, wanted in ((["0.png", "0.npy", "1.png", "1.npy"], [pixels[0], rows[0], pixels[1], rows[1]]),
                              (["0.npy", "0.png", "1.npy", "1.png"], [rows[0], pixels[0], rows[1], pixels[1]])):
            Path("m/list.csv").write_bytes(b"\xef\xbb\xbfx\r\n" + "".join(name + "\r\n" for name in names).encode())
            np.testing.assert_array_equal(self.seen("m/list.csv", "--scale", "1", shape="?,3,8,8"), np.stack(wanted))

    # ---- calibration and evaluation ----

    def test_no_sample_serves_both(self):
        np.savez("x.npz", x=np.random.default_rng(1).normal(size=(40, 3, 8, 8)).astype(np.float32))
        data = self.report("--act", "int8", "--data", "x.npz")["data"]
        self.assertEqual((data["samples"], data["calibrated_samples"], data["measured_samples"], data["measured_on"]), (40, 32, 8, "held out"))
        first = Path("q.dsq").read_bytes()
        self.report("--act", "int8", "--data", "x.npz", "--seed", "5")
        self.assertNotEqual(first, Path("q.dsq").read_bytes())
        self.dsquant("reproduce", "q.dsq", "--model", "net.dsir", "--data", "x.npz")
        self.report("--act", "int8", "--data", "x.npz")
        self.assertEqual(first, Path("q.dsq").read_bytes())
        data = self.report("--act", "int8", "--data", "x.npz", "--eval-fraction", "0.5")["data"]
        self.assertEqual((data["calibrated_samples"], data["measured_samples"]), (20, 20))
        np.savez("z.npz", x=np.random.default_rng(2).normal(size=(9, 3, 8, 8)).astype(np.float32))
        data = self.report("--act", "int8", "--data", "x.npz", "--eval-data", "z.npz")["data"]
        self.assertEqual((data["calibrated_samples"], data["measured_samples"], data["measured_on"]), (40, 9, "other data"))
        self.assertIn("--eval-data EVAL", json.loads(Path("q.report.json").read_text())["tool"]["command"])
        self.dsquant("reproduce", "q.dsq", "--model", "net.dsir", "--data", "x.npz")
        self.assertIn("--eval-fraction is a share of --data", self.dsquant("net.dsir", "--data", "x.npz", "--eval-data", "z.npz", "--eval-fraction", "0.5", status=2))

    def test_samples_in_both_sets_are_not_calibrated_on(self):
        arrays = np.random.default_rng(1).normal(size=(40, 3, 8, 8)).astype(np.float32)
        arrays[5] *= 3  # so that ranges depend on it
        np.savez("x.npz", x=arrays)
        np.savez("e.npz", x=arrays[[5, 6, 30]])
        said = self.warnings("net.dsir", "-o", "q.dsq", "--data", "x.npz", "--eval-data", "e.npz")
        self.assertIn("warning[E407]: 3 of 40 samples in --data are in --eval-data too; not calibrated on", said)
        data = json.loads(Path("q.report.json").read_text())["data"]
        self.assertEqual((data["samples"], data["calibrated_samples"], data["measured_samples"]), (40, 37, 3))
        again = ("reproduce", "q.dsq", "--model", "net.dsir", "--data", "x.npz")
        self.assertIn("with --eval-data", self.dsquant(*again, status=1))
        self.dsquant(*again, "--eval-data", "e.npz")
        for words in (("net.dsir", "-o", "q.dsq"), ("net.dsir", "--dry-run")):
            self.assertIn("error[E402]: x.npz: 40 of 40 samples", self.dsquant(*words, "--data", "x.npz", "--eval-data", "x.npz", status=3))

    def test_samples_to_measure_on_alone(self):
        np.savez("z.npz", x=np.random.default_rng(2).normal(size=(9, 3, 8, 8)).astype(np.float32))
        np.save("y.npy", np.arange(9) % 3)
        self.dsquant("net.dsir", "-o", "plain.dsq")
        report = self.report("--eval-data", "z.npz", "--eval-labels", "y.npy", "--max-drop", "100")
        self.assertEqual(report["data"], {"kind": "measured", "sha256": "", "samples": 0, "measured_samples": 9, "measured_on": "other data"})
        self.assertEqual(report["accuracy"]["samples"], 9)
        self.assertEqual(Path("q.dsq").read_bytes(), Path("plain.dsq").read_bytes())
        self.dsquant("reproduce", "q.dsq", "--model", "net.dsir")
        self.dsquant("net.dsir", "--dry-run", "--eval-data", "z.npz")

    def test_labels_that_nobody_asked_for(self):
        Path("map.dsir").write_text(NET.replace('(%y)', '(%r)').replace('  %g = reduce_mean(%r, %axes) {keepdims=false}\n  %y = linear(%g, %lw) @"fc"\n', ""))
        folder("d", ["a", "b"], 4)
        flags = ["-o", "q.dsq", "--data", "d", "--preset", "unit"]
        for more in ([], ["--dry-run"]):
            said = self.warnings("map.dsir", *flags, *more)
            self.assertIn("warning[E404]: d: no output has the shape [samples, classes]; accuracy is not measured", said)
            self.assertIn("error[E404]: d: no output", self.dsquant("map.dsir", *flags, *more, "--max-drop", "1", status=3))
            np.save("y.npy", np.zeros(8, np.int64))
            self.assertIn("error[E404]: y.npy: no output", self.dsquant("map.dsir", *flags, *more, "--labels", "y.npy", status=3))
            np.save("e.npy", np.arange(8))
            self.assertIn("error[E404]: e.npy: d/a/003.png has label 3, the network has 3 classes",
                          self.dsquant("net.dsir", *flags, *more, "--labels", "e.npy", "--eval-fraction", "0", status=3))

    def test_too_few_samples_are_said(self):
        np.savez("x.npz", x=np.random.default_rng(1).normal(size=(3, 3, 8, 8)).astype(np.float32))
        self.assertIn("warning[E407]", self.warnings("net.dsir", "-o", "q.dsq", "--data", "x.npz"))
        data = json.loads(Path("q.report.json").read_text())["data"]
        self.assertEqual((data["calibrated_samples"], data["measured_samples"], data["measured_on"]), (3, 3, "the same"))

    def test_labels_of_folders_are_gated(self):
        folder("d", ["a", "b", "c"], 8)
        report = self.report("--act", "int8", "--data", "d", "--preset", "unit", "--max-drop", "100")
        self.assertEqual(report["accuracy"]["samples"], 5)
        self.assertIn("/ 255", report["data"]["preprocess"])
        self.assertIn("--preset unit", report["tool"]["command"])
        folder("e", ["a", "b", "c", "d"], 2)
        self.assertIn("error[E404]: e: ", self.dsquant("net.dsir", "-o", "q.dsq", "--data", "e", "--preset", "unit", "--max-drop", "1", "--eval-fraction", "0", status=3))
        np.save("labels.npy", np.zeros(24, np.int64))
        self.assertEqual(self.report("--act", "int8", "--data", "d", "--preset", "unit", "--labels", "labels.npy")["accuracy"]["samples"], 5)
        np.savez("x.npz", x=np.zeros((8, 3, 8, 8), np.float32))
        self.assertIn("warning[E421]: estimated accuracy drop: 1 point cannot be proved", self.warnings("net.dsir", "-o", "q.dsq", "--data", "x.npz", "--max-drop", "1"))

    # ---- cost ----

    def test_memory_does_not_grow_with_the_number_of_samples(self):
        Path("d").mkdir()
        side = 256
        Path("net.dsir").write_text(NET.replace("8,8]", f"{side},{side}]"))
        peaks = []
        for count in (40, 320):
            for i in range(count):
                if not Path(f"d/{i:04}.jpg").exists():
                    picture(i, side).save(f"d/{i:04}.jpg")
            process = subprocess.Popen([DSQUANT, "net.dsir", "-o", "q.dsq", "--act", "int8", "--data", "d", "--preset", "unit",
                                        "--recover", "none", "--mixed", "off"],  # repairs hold up to 512 MB
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = status
            self.assertEqual(status, 0)
            peaks.append(usage.ru_maxrss / 1024)
        print(f"{peaks[0]:.0f} MB for 40 pictures, {peaks[1]:.0f} MB for 320")
        self.assertLess(peaks[1], peaks[0] + 70)  # what was added takes 220 MB


main()
