"""dsquant calibrate: shards joined are one run, tables are used in place of data, and what does not fit is refused.

Usage: calibrate_test.py DSQUANT
"""
import hashlib
import itertools
import json
import re
from pathlib import Path

import numpy as np

from harness import Samples, main

NET = """graph "net" stage=float (%x: f32[?,3,8,8]) -> (%y) {
  %w = const f32[8,3,3,3] rand(seed=1)
  %w2 = const f32[8,8,3,3] rand(seed=2)
  %axes = const i64[2] {2, 3}
  %lw = const f32[3,8] rand(seed=3)
  %c = conv(%x, %w) {pads=[1,1,1,1]} @"conv1"
  %r = relu(%c)
  %c2 = conv(%r, %w2) {pads=[1,1,1,1]} @"conv2"
  %s = add(%r, %c2)
  %r2 = relu(%s)
  %g = reduce_mean(%r2, %axes) {keepdims=false}
  %y = linear(%g, %lw) @"fc"
}
"""


PLAIN = ["--recover", "none", "--mixed", "off", "--ranges", "calibrated"]  # ranges alone, which is all that a table holds


class Calibrate(Samples):
    def setUp(self):
        super().setUp()
        Path("net.dsir").write_text(NET)
        arrays = np.random.default_rng(1).normal(size=(43, 3, 8, 8)).astype(np.float32)
        arrays[7] *= 9  # so that ranges differ from shard to shard
        arrays[30, 1] = 0
        np.savez("x.npz", x=arrays)

    def table(self, output, *words):
        self.dsquant("calibrate", "net.dsir", "--data", "x.npz", "-o", output, *words)
        return Path(output).read_bytes()

    def merge(self, *parts, output="all.json", status=0):
        return self.dsquant("calibrate", "--merge", *parts, "-o", output, status=status)

    def forged(self, name, change):
        """A table whose hash is right and whose contents are not. Numbers keep their digits."""
        table = json.loads(Path("t.json").read_text(), parse_float=lambda digits: f"@{digits}@")
        change(table)

        def text():
            return re.sub('"@|@"', "", json.dumps(table, separators=(",", ":")))
        table["sha256"] = ""
        table["sha256"] = hashlib.sha256(text().encode()).hexdigest()
        Path(name).write_text(text())

    # ---- shards ----

    def test_shards_joined_in_any_order_are_one_run(self):
        for of in (1, 2, 3, 4):
            whole = self.table("whole.json")
            parts = [f"{i}of{of}.json" for i in range(1, of + 1)]
            for i, part in enumerate(parts):
                self.table(part, "--shard", f"{i + 1}/{of}", "--threads", str(1 + i % 3))
            for order in itertools.permutations(parts):
                self.merge(*order)
                self.assertEqual(Path("all.json").read_bytes(), whole, order)
        self.merge("4of4.json", "2of4.json", output="some.json")
        self.assertEqual(json.loads(Path("some.json").read_text())["parts"], [2, 4])
        self.merge("3of4.json", "some.json", "1of4.json")
        self.assertEqual(Path("all.json").read_bytes(), whole)

    def test_the_same_bytes_for_any_number_of_threads(self):
        whole = self.table("whole.json", "--threads", "1")
        for threads in (2, 3, 7):
            self.assertEqual(self.table("whole.json", "--threads", threads), whole)

    def test_every_sample_is_in_one_shard(self):
        whole = json.loads(self.table("whole.json", "--seed", "3"))
        samples = []
        for i in range(1, 5):
            part = json.loads(self.table("part.json", "--seed", "3", "--shard", f"{i}/4"))
            self.assertEqual((part["shards"], part["parts"]), (4, [i]))
            samples += part["samples"]
        self.assertEqual(sorted(samples), whole["samples"])
        self.assertEqual(len(samples), 34)  # of 43, a fifth is kept to measure on
        for value in whole["values"]:
            for low, high, exponent, first, bins in value["channels"]:
                self.assertEqual(sum(bins), value["count"])
                self.assertLessEqual(first * 2.0**exponent, low)
                self.assertGreater((first + len(bins)) * 2.0**exponent, high)

    def test_parts_that_do_not_belong_together(self):
        self.table("1.json", "--shard", "1/2")
        self.table("2.json", "--shard", "2/2")
        self.assertIn("error[E409]: 1.json: shard 1 of 2 is in another part", self.merge("1.json", "1.json", status=3))
        for flags, said in ((["--shard", "2/3"], "number of shards"), (["--shard", "2/2", "--seed", "1"], "choice of samples"),
                            (["--shard", "2/2", "--act", "int8"], "choice of values")):
            self.table("other.json", *flags)
            self.assertIn(said, self.merge("1.json", "other.json", status=3))
        np.savez("x.npz", x=np.zeros((43, 3, 8, 8), np.float32))
        self.table("other.json", "--shard", "2/2", "--eval-fraction", "0")
        self.assertIn("its data are", self.merge("1.json", "other.json", status=3))
        self.assertIn("shard 44 of 50 has no samples: there are 43 samples",
                      self.dsquant("calibrate", "net.dsir", "--data", "x.npz", "--eval-fraction", "0", "--shard", "44/50", status=2))
        for shard in ("0/4", "5/4", "2", "2/", "a/b", "1/9999999"):
            self.assertIn("E801", self.dsquant("calibrate", "net.dsir", "--data", "x.npz", "--shard", shard, status=2))
        self.assertIn("E801", self.dsquant("calibrate", "--merge", "1.json", "2.json", status=2))
        self.assertIn("E801", self.dsquant("calibrate", "net.dsir", status=2))

    # ---- use ----

    def test_a_table_stands_for_data(self):
        for flags in ([], ["--act", "int8"], ["--keep", "conv2=int8"]):
            self.dsquant("net.dsir", "-o", "data.dsq", "--data", "x.npz", *PLAIN, *flags)
            self.table("t.json", *flags)
            self.dsquant("net.dsir", "-o", "q.dsq", "--calibration", "t.json", "--data", "x.npz", *PLAIN, *flags)
            data, report = (json.loads(Path(name).read_text()) for name in ("data.report.json", "q.report.json"))
            for key in ("layers", "outputs"):
                self.assertEqual(data[key], report[key], key)
            for key in ("calibrated_samples", "measured_samples", "measured_on"):
                self.assertEqual(data["data"][key], report["data"][key], key)
            self.dsquant("net.dsir", "-o", "alone.dsq", "--calibration", "t.json", *flags)
            self.assertEqual(json.loads(Path("alone.report.json").read_text())["layers"][0]["range"], data["layers"][0]["range"])
            compared = json.loads(self.dsquant("compare", "alone.dsq", "data.dsq", "--inputs", "x.npz", "--json"))
            self.assertEqual(compared["outputs"][0]["max_abs"], 0)
            self.dsquant("reproduce", "alone.dsq", "--model", "net.dsir", "--calibration", "t.json")
            self.assertIn("E409", self.dsquant("reproduce", "alone.dsq", "--model", "net.dsir", status=3))
            self.dsquant("net.dsir", "--dry-run", "--calibration", "t.json", *flags)
        self.table("t.json", "--eval-fraction", "0.5")
        self.assertIn("calibration differs", self.done("reproduce", "alone.dsq", "--model", "net.dsir", "--calibration", "t.json", status=1).stdout)

    def test_where_ranges_come_from(self):
        def ranges(*flags):
            said = self.dsquant("net.dsir", "-o", "q.dsq", "--data", "x.npz", "--recover", "none", "--mixed", "off", "--explain", *flags)
            return [layer["range"] for layer in json.loads(Path("q.report.json").read_text())["layers"]]
        self.assertEqual(ranges()[0], "per_sample")  # one sample of nine times the size spoils what is calibrated
        self.assertNotIn("per_sample", ranges("--ranges", "calibrated"))
        self.assertEqual(set(ranges("--ranges", "run-time")), {"per_sample"})
        self.dsquant("reproduce", "q.dsq", "--model", "net.dsir", "--data", "x.npz")
        self.dsquant("net.dsir", "-o", "q.dsq", "--data", "x.npz", "--aim", "0")  # a plan that a search found says so too
        report = json.loads(Path("q.report.json").read_text())
        named = {note["where"] for note in report["diagnostics"] if "takes its range at run time" in note["text"]}
        self.assertEqual(named, {layer["name"] for layer in report["layers"] if layer["range"] == "per_sample"})
        self.assertTrue(named)
        arrays = np.random.default_rng(1).normal(size=(43, 3, 8, 8)).astype(np.float32)
        np.savez("x.npz", x=arrays)
        self.assertNotIn("per_sample", ranges())

    def test_no_sample_of_a_table_is_measured_on(self):
        self.table("t.json", "--seed", "5", "--eval-fraction", "0.4")
        self.dsquant("net.dsir", "-o", "q.dsq", "--calibration", "t.json", "--data", "x.npz")
        data = json.loads(Path("q.report.json").read_text())["data"]
        self.assertEqual((data["calibrated_samples"], data["measured_samples"], data["measured_on"]), (26, 17, "held out"))
        arrays = np.load("x.npz")["x"]
        np.savez("e.npz", x=arrays)
        said = self.warnings("net.dsir", "-o", "q.dsq", "--calibration", "t.json", "--eval-data", "e.npz")
        self.assertIn("warning[E407]: 26 of 43 samples that are measured on", said)
        self.table("t.json", "--eval-fraction", "0")
        self.assertIn("warning[E407]", self.warnings("net.dsir", "-o", "q.dsq", "--calibration", "t.json", "--data", "x.npz"))
        np.savez("e.npz", x=arrays + 1)
        self.dsquant("net.dsir", "-o", "q.dsq", "--calibration", "t.json", "--data", "e.npz", *PLAIN)
        data = json.loads(Path("q.report.json").read_text())["data"]
        self.assertEqual((data["calibrated_samples"], data["measured_samples"], data["measured_on"]), (43, 43, "held out"))

    def test_recovery_needs_the_samples(self):
        self.table("t.json")
        said = self.dsquant("net.dsir", "-o", "q.dsq", "--calibration", "t.json", "--recover", "fast", status=2)
        self.assertIn("--recover fast needs samples, a table holds only their ranges", said)
        self.dsquant("net.dsir", "-o", "data.dsq", "--data", "x.npz", "--recover", "fast", "--ranges", "calibrated")
        self.dsquant("net.dsir", "-o", "q.dsq", "--calibration", "t.json", "--data", "x.npz", "--recover", "fast")
        compared = json.loads(self.dsquant("compare", "q.dsq", "data.dsq", "--inputs", "x.npz", "--json"))
        self.assertEqual(compared["outputs"][0]["max_abs"], 0)
        self.dsquant("reproduce", "q.dsq", "--model", "net.dsir", "--calibration", "t.json", "--data", "x.npz")

    # ---- what does not fit ----

    def test_tables_of_something_else(self):
        self.table("t.json")
        use = ("net.dsir", "-o", "q.dsq", "--calibration", "t.json")
        self.assertIn("error[E409]: t.json: it has no ranges of 'x'", self.dsquant(*use, "--act", "int8", status=3))
        self.assertIn("error[E409]: t.json: its network", self.dsquant(*use, "--shape", "x=1,3,8,8", status=3))
        Path("net.dsir").write_text(NET.replace("seed=2", "seed=4"))
        for more in ((), ("--dry-run",)):
            self.assertIn("error[E409]: t.json: its network", self.dsquant(*use, *more, status=3))
        Path("net.dsir").write_text(NET)
        self.table("t.json", "--shard", "1/2")
        self.assertIn("it holds 1 of 2 shards", self.dsquant(*use, status=3))

    def test_pictures_prepared_otherwise(self):
        from PIL import Image
        Path("d").mkdir()
        for i in range(8):
            Image.fromarray(np.random.default_rng(i).integers(0, 256, (8, 8, 3), dtype=np.uint8)).save(f"d/{i}.png")
        self.dsquant("calibrate", "net.dsir", "--data", "d", "--preset", "unit", "-o", "t.json")
        use = ("net.dsir", "-o", "q.dsq", "--calibration", "t.json", "--data", "d")
        self.dsquant(*use, "--preset", "unit")
        self.assertIn("error[E409]: t.json: pictures were prepared otherwise", self.dsquant(*use, "--preset", "minus1to1", status=3))

    def test_damaged_tables(self):
        text = self.table("t.json")
        use = ("net.dsir", "-o", "q.dsq", "--calibration", "bad.json")
        damaged = [b"", b"{", text[:-2], text[:len(text) // 2], text.replace(b'"count":', b'"count":1', 1), b"[" * 100000, b'{"dsquant-calibration":1,"a":' + b"[" * 100000,
                   b'{"dsquant-calibration":2}', Path("net.dsir").read_bytes()]
        for at in range(40, len(text) - 40, len(text) // 23):
            damaged.append(text[:at] + bytes([text[at] ^ 1]) + text[at + 1:])
        for bad in damaged:
            Path("bad.json").write_bytes(bad)
            self.assertIn("error[E408]: bad.json: ", self.dsquant(*use, status=3))
            self.assertIn("error[E408]: bad.json: ", self.merge("bad.json", "t.json", status=3))
        def channel(table):
            return table["values"][0]["channels"][0]
        self.forged("bad.json", lambda table: None)
        self.dsquant(*use)
        for change in (lambda t: t["values"].append(t["values"][0]), lambda t: t.pop("graph"), lambda t: t.update(parts=[2]), lambda t: t.update(shards=-1),
                       lambda t: t.update(samples=["x"]), lambda t: t["values"][0].update(axis=99), lambda t: channel(t)[4].append(0),
                       lambda t: channel(t).__setitem__(2, 5), lambda t: channel(t).__setitem__(1, 1e300), lambda t: channel(t)[4].__setitem__(0, -1),
                       lambda t: channel(t).pop(), lambda t: t["values"][0].update(count=3)):
            self.forged("bad.json", change)
            self.assertIn("is not what dsquant writes there", self.dsquant(*use, status=3))


main()
