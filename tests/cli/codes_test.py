"""Every error code is raised: those that a command line can reach by their own example, which must print what it says.

Usage: codes_test.py DSQUANT MAKE_FILE
The examples are the ones of `dsquant explain`; here are the files that they need. tests/checks/check_codes.py sees to it
that no code is missing from FILES and UNIT.
"""
import hashlib
import json
import os
import struct
import subprocess
import sys
import tempfile
import unittest
import zipfile
from pathlib import Path

DSQUANT, MAKE_FILE = (str(Path(argument).resolve()) for argument in sys.argv[1:3])

# Codes that no command line reaches, and the tests that raise them.
UNIT = {
    "E303": "tests/passes/pipeline_test.cc",
    "E901": "tests/ir/support_test.cc",
}


def onnx(text, opset=13, name="model.onnx"):
    header = f'<ir_version: 8, opset_import: ["" : {opset}]>\n'
    subprocess.run([MAKE_FILE, "onnx", name], input=header + text, text=True, check=True)


def good(opset=13, output="y"):
    weights = "float[4,2] w = {1, 2, 3, 4, 5, 6, 7, 8}"
    onnx(f"agraph (float[N,4] x) => (float[N,2] {output}) <{weights}> {{ {output} = MatMul(x, w) }}", opset)


def nodes(body, types="float[N,4] x"):
    onnx(f"agraph ({types}) => (float[N,4] y) <float[3,2] w = {{1, 2, 3, 4, 5, 6}}, float[4,2] t = {{1, 2, 3, 4, 5, 6, 7, 8}}> {{ {body} }}")


def npy(values, kind, shape):
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape!r}, }}".ljust(117) + "\n"
    code = {"<f4": "f", "<i8": "q"}[kind]
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + struct.pack(f"<{len(values)}{code}", *values)


def npz(name, values, kind="<f4", shape=None):
    with zipfile.ZipFile("x.npz", "w") as archive:
        archive.writestr(name + ".npy", npy(values, kind, shape or (len(values) // 4, 4)))


def patched(name, old, new):
    data = Path(name).read_bytes()
    assert data.count(old) == 1, (name, old)
    Path(name).write_bytes(data.replace(old, new))


def calibrated():
    with_data(values=(0.1, 0.5, 0.7, 0.9) * 5)
    subprocess.run([DSQUANT, "calibrate", "model.onnx", "--data", "x.npz", "-o", "t.json"], check=True, capture_output=True)


def dsq():
    good()
    subprocess.run([DSQUANT, "model.onnx"], check=True, capture_output=True)
    return bytearray(Path("model.dsq").read_bytes())


def dsq_with_other_metadata():
    """Hashes and sizes are right, what they protect is not."""
    metadata = b"no FlatBuffer, but whole ".ljust(64, b".")
    header = dsq()[:128]
    header[16:64] = struct.pack("<6Q", 192, 128, 64, 64, 192, 0)
    header[64:96] = hashlib.sha256(metadata).digest()
    Path("model.dsq").write_bytes(header + metadata)


def damaged_dsq():
    data = dsq()
    data[200] ^= 1
    Path("model.dsq").write_bytes(data)


def newer_dsq():
    data = dsq()
    data[8] = 2
    Path("model.dsq").write_bytes(data)


def external_data():
    """The importer's view of a tensor in a file: fields 13 (where) and 14 (that it is elsewhere) of TensorProto."""
    good()
    where = b"\x0a\x08location\x12\x09model.bin"
    stored = struct.pack("<8f", *range(1, 9))
    inline = b"\x08\x04\x08\x02\x10\x01\x22\x20" + stored + b"\x42\x01w"
    outside = b"\x08\x04\x08\x02\x10\x01\x42\x01w" + b"\x6a" + bytes([len(where)]) + where + b"\x70\x01"
    data = Path("model.onnx").read_bytes()
    graph = data.index(b"\x3a") + 1  # ModelProto.graph, its length in one byte
    at = data.index(inline)
    body = data[graph + 1 : at - 1] + bytes([len(outside)]) + outside + data[at + len(inline) : graph + 1 + data[graph]]
    Path("model.onnx").write_bytes(data[:graph] + bytes([len(body)]) + body + data[graph + 1 + data[graph] :])


def cut_onnx():
    good()
    os.truncate("model.onnx", 100)


def tensor_of_another_size():
    good()
    patched("model.onnx", b"\x08\x04\x08\x02\x10\x01", b"\x08\x04\x08\x03\x10\x01")


def weights_of_nan():
    good()
    patched("model.onnx", struct.pack("<f", 5), b"\x00\x00\xc0\x7f")


def with_data(name="x", values=(0.5,) * 20):
    good()
    npz(name, values)


def with_labels():
    with_data()
    Path("labels.npy").write_bytes(npy((0, 1, 0, 1), "<i8", (4,)))


def near_the_border():
    """Two classes whose scores differ by the sum of four numbers, which is nearly none."""
    good()
    rows = [(0.1 * k, -0.07 * k, 0.03 * k, 0.004 - 0.06 * k) for k in range(1, 11)]
    npz("x", [value for row in rows for value in row])
    Path("labels.npy").write_bytes(npy((1,) * 10, "<i8", (10,)))


def far_from_float():
    onnx("agraph (float[N,2] x) => (float[N,1] y) <float[2] s = {1000000, 1000000}, float[4,1] w = {0, 0, 1, 1}>"
         "{ m = Mul(x, s) c = Concat <axis=1> (m, x) y = MatMul(c, w) }")


def text(content):
    return lambda: Path("model.dsir").write_text(content)


def no_kernel():
    text('graph "half" stage=float (%x: f32[?,4]) -> (%y) {\n  %h = cast(%x) {to=f16}\n  %s = sin(%h) @"wave"\n'
         "  %y = cast(%s) {to=f32}\n}\n")()
    npz("x", (0.5,) * 8)


def wrong_index():
    onnx("agraph (int64[N] i) => (float[N,2] y) <float[4,2] t = {1, 2, 3, 4, 5, 6, 7, 8}> { y = Gather(t, i) }")
    npz("i", (0, 0, 9), "<i8", (3,))


def too_large():
    onnx("agraph (float[N,1] x) => (float[N,M] y) <int64[2] s = {1, 4000000000000}> { e = Expand(x, s) y = Relu(e) }")
    npz("x", (1,), shape=(1, 1))


def picture_folder():
    onnx("agraph (float[N,3,2,2] x) => (float[N,2,2,2] y) <float[2,3,1,1] w = {1, 2, 3, 4, 5, 6}> { y = Conv(x, w) }")
    Path("pictures").mkdir()
    pixels = bytes(range(0, 240, 20)) + bytes(4)
    head = struct.pack("<2sIIIIiiHHIIiiII", b"BM", 70, 0, 54, 40, 2, 2, 1, 24, 0, 16, 0, 0, 0, 0)
    Path("pictures/a.bmp").write_bytes(head + pixels)


FILES = {
    "E101": lambda: None,
    "E102": lambda: Path("model.onnx").write_text("version https://git-lfs.github.com/spec/v1\nsize 46827520\n"),
    "E103": cut_onnx,
    "E104": lambda: good(opset=29),
    "E105": lambda: nodes("a = Frobnicate(x) y = Relu(a)"),
    "E106": lambda: onnx("agraph (float[1,4,4,4] x, float[4,4,1,1] w) => (float[1,4,4,4] y) { y = Conv <strides=[0,0]> (x, w) }"),
    "E107": tensor_of_another_size,
    "E108": external_data,
    "E109": good,
    "E110": weights_of_nan,
    "E201": lambda: nodes("a = Add(b, x) b = Relu(a) y = Relu(b)"),
    "E202": lambda: nodes("y = Add(x, i)", "float[N,4] x, int64[N,4] i"),
    "E203": lambda: nodes("y = MatMul(x, w)"),
    "E204": text('graph "g" stage=float (%x: f32[1]) -> (%y) {\n'),
    "E205": text('graph "g" stage=float (%x: f32[?,4]) -> (%y) {\n  %y = requantize(%x) @"q"\n}\n'),
    "E301": text('graph "g" stage=float (%x: f32[4]) -> (%y) {\n  %y = relu(%x)\n}\n'),
    "E302": dsq,
    "E304": good,
    "E401": lambda: (good(), Path("x.npz").write_bytes(b"PK\x03\x04" + bytes(20))),
    "E402": lambda: with_data("z"),
    "E403": lambda: with_data(values=(0.5,) * 19 + (float("nan"),)),
    "E404": with_labels,
    "E405": far_from_float,
    "E406": picture_folder,
    "E407": lambda: with_data(values=(0.1, 0.5, 0.7) * 4),
    "E408": lambda: (calibrated(), patched("t.json", b'"shards":1', b'"shards":2')),
    "E409": lambda: (calibrated(), good(opset=14, output="z")),
    "E420": near_the_border,
    "E421": with_data,
    "E422": with_data,
    "E601": dsq_with_other_metadata,
    "E602": damaged_dsq,
    "E603": newer_dsq,
    "E604": good,
    "E605": good,
    "E701": no_kernel,
    "E702": wrong_index,
    "E703": too_large,
    "E704": with_data,
    "E801": good,
    "E802": good,
    "E803": lambda: good(output="head"),
    "E804": good,
}


def explained():
    done = subprocess.run([DSQUANT, "list", "codes", "--json"], check=True, capture_output=True, text=True)
    return {row["code"]: row for row in json.loads(done.stdout)["codes"]}


class Codes(unittest.TestCase):
    def test_examples(self):
        for code, row in explained().items():
            if code in UNIT:
                continue
            with self.subTest(code=code), tempfile.TemporaryDirectory() as folder:
                os.chdir(folder)
                FILES[code]()
                example = row["example"]
                command = example["command"].replace("dsquant", f"'{DSQUANT}'", 1)
                done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60)
                os.chdir("/")
                self.assertEqual(done.returncode, row["exit"], done.stderr)
                self.assertIn(f"[{code}]", done.stderr)
                self.assertIn(example["prints"] + "\n", done.stderr)
                self.assertIn(code, example["prints"])

    def test_every_code_is_here(self):
        rows = explained()
        self.assertEqual(sorted(rows), sorted(FILES | UNIT))
        for code in UNIT:
            self.assertIsNone(rows[code]["example"], f"{code} has an example: it belongs to FILES")

    def test_explain(self):
        for row in explained().values():
            for form in (row["code"], row["code"].lower(), row["code"][1:], f"error[{row['code']}]"):
                done = subprocess.run([DSQUANT, "explain", form], check=True, capture_output=True, text=True)
                self.assertTrue(done.stdout.startswith(f"{row['code']}: {row['title']}\n"), done.stdout)
                words = " ".join(done.stdout.split())
                self.assertIn(" ".join(row["meaning"].split()), words)
                self.assertIn(" ".join(row["next"].split())[1:], words)
                if row["example"]:
                    self.assertIn(row["example"]["command"], done.stdout)
        for wrong, near in (("E1O5", "E105"), ("808", "E"), ("nonsense", "E"), ("", "E")):
            done = subprocess.run([DSQUANT, "explain", wrong], capture_output=True, text=True)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(f"nearest is '{near}", done.stderr)

    def test_page(self):
        done = subprocess.run([DSQUANT, "list", "codes", "--markdown"], check=True, capture_output=True, text=True)
        page = Path(__file__).resolve().parents[2] / "src/support/ERRORS.md"
        self.assertEqual(done.stdout, page.read_text(),
                         "src/support/ERRORS.md is old: dsquant list codes --markdown > src/support/ERRORS.md")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
