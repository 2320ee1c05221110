"""Runs models with dsquant's float runner and with ONNX Runtime on the same seeded inputs and demands the same results:
floats within 1e-4 of the output's largest magnitude, integers and booleans equal.

    compare.py PROGRAM [--backend NAME] MODEL [input=1,3,8,8[:low:high]]... [-- MODEL ...]...

PROGRAM is run_model or dsquant. Inputs that are not given get the model's own type, 2 for an open batch and 8 for other open dimensions. A range of
integers is [low, high).
"""
import os
import subprocess
import sys
import tempfile

import numpy as np
import onnxruntime

TYPES = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(float16)": np.float16, "tensor(int64)": np.int64,
         "tensor(int32)": np.int32, "tensor(int8)": np.int8, "tensor(uint8)": np.uint8, "tensor(bool)": np.bool_}


def make_input(info, given, random):
    dtype = TYPES[info.type]
    shape = [d if isinstance(d, int) and d > 0 else (2 if i == 0 else 8) for i, d in enumerate(info.shape)]
    low, high = (0, 10) if np.issubdtype(dtype, np.integer) else (-1.0, 1.0)
    if given is not None:
        parts = given.split(":")
        shape = [int(d) for d in parts[0].split(",") if d]
        if len(parts) == 3:
            low, high = float(parts[1]), float(parts[2])
    if dtype == np.bool_:
        return random.random(shape) < 0.5
    if np.issubdtype(dtype, np.integer):
        return random.integers(int(low), int(high), shape).astype(dtype)
    return (low + (high - low) * random.random(shape)).astype(dtype)


def difference(name, got, expected):
    """None, or what differs."""
    if got.dtype != expected.dtype or got.shape != expected.shape:
        return f"'{name}' is {got.dtype}{got.shape} instead of {expected.dtype}{expected.shape}"
    if not np.issubdtype(expected.dtype, np.floating):
        wrong = int((got != expected).sum())
        return f"'{name}': {wrong} of {expected.size} integers differ" if wrong else None
    if expected.size == 0:
        return None
    if not np.array_equal(np.isfinite(got), np.isfinite(expected)):
        return f"'{name}': NaN or Inf in other places"
    finite = np.isfinite(expected)
    error = np.abs(got[finite].astype(np.float64) - expected[finite].astype(np.float64)).max(initial=0)
    largest = np.abs(expected[finite].astype(np.float64)).max(initial=0)
    if error > 1e-4 * largest:
        return f"'{name}': differs by {error:.3g}, largest magnitude {largest:.3g}"
    return None


def command_of(program, model, inputs, outputs, batched):
    if os.path.basename(program) != "dsquant":
        return [program, model, inputs, outputs]
    whole = ["--batch", "64"] if batched else []  # all samples at once, as ONNX Runtime gets them
    return [program, "run", model, "--inputs", inputs, "--outputs", outputs, *whole]


def open_model(model):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def make_inputs(session, given):
    """`given`: by input, a shape and range in words, or the array itself."""
    random = np.random.default_rng(7)
    arrays = {}
    for info in session.get_inputs():
        wish = given.get(info.name)
        arrays[info.name] = wish if isinstance(wish, np.ndarray) else make_input(info, wish, random)
    return arrays


def compare(run_model, options, model, given):
    session = open_model(model)
    arrays = make_inputs(session, given)
    names = [info.name for info in session.get_outputs()]
    expected = session.run(names, arrays)
    with tempfile.TemporaryDirectory() as folder:
        inputs, outputs = os.path.join(folder, "x.npz"), os.path.join(folder, "y.npz")
        np.savez(inputs, **arrays)
        batched = any(info.shape and not isinstance(info.shape[0], int) for info in session.get_inputs())
        command = command_of(run_model, model, inputs, outputs, batched) + options
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            return [f"exit {done.returncode}: {done.stderr.strip()[-2000:]}"]
        got = np.load(outputs)
        if sorted(got.files) != sorted(names):
            return [f"outputs {list(got.files)} instead of {names}"]
        return [d for d in (difference(n, got[n], e) for n, e in zip(names, expected)) if d]


def main(arguments):
    run_model, rest = arguments[0], arguments[1:]
    options = []
    if rest[:1] == ["--backend"]:
        options, rest = rest[:2], rest[2:]
    groups = [[]]
    for word in rest:
        if word == "--":
            groups.append([])
        else:
            groups[-1].append(word)
    failures = 0
    for model, *pairs in groups:
        differences = compare(run_model, options, model, dict(pair.split("=", 1) for pair in pairs))
        failures += bool(differences)
        print("FAIL" if differences else "ok  ", os.path.basename(model), " ".join(pairs), *differences)
    print(f"{len(groups) - failures} of {len(groups)} equal")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
