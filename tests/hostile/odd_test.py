"""Legal models that look odd, through the program: run as they are on both backends, quantized to int8 and to 4-bit activations, and run again.

    odd_test.py DSQUANT [--verbose] [NAME...]
"""
import concurrent.futures
import os
import subprocess
import sys
import tempfile

import numpy as np
import onnxruntime

import odd_models

EXACT, CLOSE = 1e-4, 0.08  # of the largest magnitude


def expected_outputs(made, arrays):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(made.SerializeToString(), options, providers=["CPUExecutionProvider"])
    names = [o.name for o in session.get_outputs()]
    return dict(zip(names, session.run(names, arrays)))


def difference(got, wanted, tolerance):
    """None, or what differs."""
    if list(got) != list(wanted):
        return f"outputs {list(got)} instead of {list(wanted)}"
    for name, array in wanted.items():
        other = got[name]
        if other.shape != array.shape or other.dtype != array.dtype:
            return f"'{name}' is {other.dtype}{other.shape} instead of {array.dtype}{array.shape}"
        a, b = other.astype(np.float64), array.astype(np.float64)
        if array.size and tolerance < np.inf and not np.abs(a - b).max() <= tolerance * np.abs(b).max():
            return f"'{name}' differs by {np.abs(a - b).max():.3g} of {np.abs(b).max():.3g}"
    return None


def check(program, name, made, arrays):
    """What is wrong, a line each."""
    faults = []
    with tempfile.TemporaryDirectory() as folder:
        def path(file):
            return os.path.join(folder, file)

        def dsquant(what, *arguments):
            done = subprocess.run([program, *arguments], cwd=folder, capture_output=True, text=True, errors="replace", check=False)
            if done.returncode:
                faults.append(f"{name} ({what}): exit {done.returncode}: {done.stderr.strip()[:300]}")
            return done.returncode == 0

        def run(what, model, tolerance, *more):
            if dsquant(what, "run", model, "--inputs", "x.npz", "-o", "y.npz", *batch, *more):
                found = difference(dict(np.load(path("y.npz"))), wanted, tolerance)
                if found:
                    faults.append(f"{name} ({what}): {found}")
        with open(path("model.onnx"), "wb") as file:
            file.write(made.SerializeToString())
        np.savez(path("x.npz"), **arrays)
        wanted = expected_outputs(made, arrays)
        is_open = any(i.type.tensor_type.shape.dim and not i.type.tensor_type.shape.dim[0].HasField("dim_value") for i in made.graph.input)
        batch = ["--batch", "64"] if is_open else []  # all at once, as ONNX Runtime gets them
        dsquant("inspect", "inspect", "model.onnx")
        for backend in "portable", "onednn":
            run(f"float on {backend}", "model.onnx", EXACT, "--backend", backend)
        for act, tolerance in (("int8", CLOSE), ("int4", np.inf)):
            if dsquant(f"to {act}", "--weights", "int8", "--act", act, "model.onnx", "-o", "q.dsq"):
                run(f"{act} at run time", "q.dsq", np.inf if name.endswith("!") else tolerance)
        if arrays and dsquant("with data", "--weights", "int8", "--act", "int8", "model.onnx", "--data", "x.npz", "-o", "c.dsq"):
            run("int8 calibrated", "c.dsq", np.inf if name.endswith("!") else CLOSE)
    return faults


def main(arguments):
    program = os.path.abspath(arguments.pop(0))
    wanted = [a for a in arguments if not a.startswith("--")]
    chosen = {n: c for n, c in odd_models.odd().items() if not wanted or any(part in n for part in wanted)}
    faults = 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for found in pool.map(lambda item: check(program, item[0], *item[1]), chosen.items()):
            faults += len(found)
            for line in found:
                print("FAULT", line, flush=True)
    print(f"{len(chosen)} models, {faults} faults")
    return 1 if faults or not chosen else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
