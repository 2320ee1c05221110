"""Files that another process cuts off or changes while they are read: an error, never a crash, and no result."""
import pathlib
import subprocess

from harness import MAKE_FILE, NET, ROOT, expect, folder, temporaries

with folder() as where:
    def make(name, data):
        pathlib.Path(where, name).write_bytes(data)

    sample = (ROOT / "samples/shapes.onnx").read_bytes()
    pathlib.Path(where, "net.dsir").write_text(NET)
    subprocess.run([MAKE_FILE, "dense", "ext.onnx", "2", "512", "weights.bin"], cwd=where, check=True)
    weights = pathlib.Path(where, "weights.bin").read_bytes()
    expect(0, "ext.onnx", "-o", "ext.dsq", cwd=where)
    stored = pathlib.Path(where, "ext.dsq").read_bytes()

    for _ in range(3):
        # Half of the pages go: what was mapped is not there any more (SIGBUS).
        make("model.onnx", sample)
        expect(3, "model.onnx", "-o", "out.dsq", cwd=where, faults={"shrink": "model.onnx"}, stderr="error[E10")
        expect(3, "ext.onnx", "-o", "out.dsq", cwd=where, faults={"shrink": "weights.bin"}, stderr="error[E101]")
        make("weights.bin", weights)
        expect(3, "inspect", "ext.dsq", cwd=where, faults={"shrink": "ext.dsq"}, stderr="error[E")
        make("ext.dsq", stored)
    # Within a page nothing faults: the bytes are zeros, and only the file's size and time tell.
    subprocess.run([MAKE_FILE, "dense", "small.onnx", "1", "16", "small.bin"], cwd=where, check=True)
    expect(0, "small.onnx", "-o", "small.dsq", cwd=where)
    expect(3, "small.onnx", "-o", "out.dsq", cwd=where, faults={"shrink": "small.bin"}, stderr="changed while it was read")
    expect(3, "net.dsir", "-o", "out.dsq", cwd=where, faults={"shrink": "net.dsir"}, stderr="error[E")
    assert not list(pathlib.Path(where).glob("out.*")) and not temporaries(where)
