"""Legal but odd networks, made at random: they run as ONNX Runtime runs them, and quantizing them - in every way - gives files that run.

    random_networks_test.py DSQUANT [FIRST SEED] [HOW MANY] [--keep FOLDER] [--parts NAME,NAME]
"""
import collections
import concurrent.futures
import os
import subprocess
import sys
import tempfile

import numpy as np
import onnx

import builder
import layers
import nested  # noqa: F401: adds its parts
import shapes  # noqa: F401

CLOSE, STEPS = 1e-4, 0.05  # of the largest magnitude; where values are rounded
LEAST_SQNR = 8.0           # of 8-bit weights and activations, in dB
TINY = 1e-25               # values below may be taken for zeros: scales end at 1e-30
INPUTS = [(2, 4, 6, 6), (2, 3, 5, 4), (2, 5, 8), (3, 8), (2, 6), (1, 4, 3, 4, 3), (2, 4, 9)]
REFUSALS = ("E110", "E702")  # weights that leave f32, more memory than the inputs warrant


def make(seed, only=()):
    n = builder.Network(seed)
    for _ in range(n.whole(1, 2)):
        n.add_input(n.choice(INPUTS))
    chosen = [p for p in layers.PARTS if not only or p.__name__ in only]
    favoured = [n.choice(chosen) for _ in range(6)]  # each network has its own taste
    fitted = collections.Counter()
    for _ in range(n.whole(3, 14)):
        part = n.choice(favoured) if n.chance(0.6) else n.choice(chosen)
        fitted[part.__name__] += n.try_part(part)
    return n, n.finish(), fitted


def sqnr(wanted, got):
    noise = np.square(wanted.astype(np.float64) - got).sum()
    signal = np.square(wanted.astype(np.float64)).sum()
    return np.inf if noise == 0 else 10 * np.log10(max(signal, 1e-300) / noise)


def difference(got, wanted, tolerances):
    """None, or what differs; tolerances by name, absolute. Infinite: only the shape counts."""
    if sorted(got) != sorted(wanted):
        return f"outputs {sorted(got)} instead of {sorted(wanted)}"
    for name, array in wanted.items():
        other = got[name]
        if other.shape != array.shape or other.dtype != array.dtype:
            return f"'{name}' is {other.dtype}{other.shape} instead of {array.dtype}{array.shape}"
        if array.size and np.isfinite(tolerances[name]):
            error = np.abs(other.astype(np.float64) - array.astype(np.float64)).max()
            if not error <= tolerances[name]:
                return f"'{name}' differs by {error:.3g}, largest {np.abs(array).max():.3g}, allowed {tolerances[name]:.3g}"
    return None


class Check:
    """One network on the command line. `faults`: what is wrong, a line each."""

    def __init__(self, program, seed, folder, only=()):
        self.program, self.folder, self.faults, self.refused = program, folder, [], set()
        self.network, self.model, self.fitted = make(seed, only)
        try:
            self.wanted, self.tolerances = self.expected()
        except Exception as error:  # ONNX Runtime's own limits
            self.wanted, self.refused = None, {"ONNX Runtime: " + str(error)[:150]}

    def path(self, name):
        return os.path.join(self.folder, name)

    def expected(self):
        """Outputs, and how far from them is no fault: what ONNX Runtime itself makes of inputs that differ in the last place."""
        nameless = onnx.ModelProto()
        nameless.CopyFrom(self.model)
        for node in nameless.graph.node:  # ONNX Runtime wants names of nodes to differ
            node.ClearField("name")
        session = builder.session_of(nameless)
        names = [o.name for o in session.get_outputs()]
        inputs = self.network.inputs
        wanted = dict(zip(names, session.run(names, inputs)))
        tolerances, coarse = {}, self.network.coarse
        moved = dict(zip(names, session.run(names, {k: v * np.float32(1 + 1e-6) for k, v in inputs.items()})))
        for name, array in wanted.items():
            largest = np.abs(array.astype(np.float64)).max() if array.size else 0
            sway = np.abs(array.astype(np.float64) - moved[name]).max() if array.size else 0
            whole = not np.issubdtype(array.dtype, np.floating)
            tolerances[name] = np.inf if whole and coarse else max((STEPS if coarse else CLOSE) * largest, 50 * sway, TINY)
        return wanted, tolerances

    def dsquant(self, what, *arguments, may_refuse=True):
        """Whether it ended with 0."""
        before = set(os.listdir(self.folder))
        try:
            done = subprocess.run([self.program, *arguments], cwd=self.folder, capture_output=True, timeout=60, check=False)
        except subprocess.TimeoutExpired:
            self.faults.append(f"{what}: takes more than a minute")
            return False
        errors = done.stderr.decode(errors="replace")
        if done.returncode == 0:
            return True
        code = errors.partition("error[")[2][:4]
        first = " ".join(line for line in errors.splitlines() if "warning" not in line and "note" not in line)[:300]
        if done.returncode != 3 or not code or code not in REFUSALS or not may_refuse:
            self.faults.append(f"{what}: exit {done.returncode}: {first}")
        self.refused.add(code)
        left = set(os.listdir(self.folder)) - before
        if left:
            self.faults.append(f"{what}: leaves {sorted(left)}")
        return False

    def run(self, what, model, tolerances, *more):
        """Runs it on the inputs; the outputs, or None."""
        batch = ["--batch", "64"] if self.network.open else []
        if not self.dsquant(what, "run", model, "--inputs", "x.npz", "-o", "y.npz", *batch, *more, may_refuse=False):
            return None
        got = dict(np.load(self.path("y.npz")))
        os.remove(self.path("y.npz"))
        found = difference(got, self.wanted, tolerances)
        if found:
            self.faults.append(f"{what}: {found}")
        return got

    def quantize(self, what, *options, judged=False):
        if not self.dsquant(what, "--weights", "int8", "model.onnx", "-o", "q.dsq", *options):
            return
        got = self.run(f"run of {what}", "q.dsq", dict.fromkeys(self.wanted, np.inf))
        for file in "q.dsq", "q.report.json", "q.report.html":
            os.remove(self.path(file))
        for name, array in (got or {}).items() if judged and not self.network.coarse else ():
            judge = array.dtype == np.float32 and array.size and name in self.wanted and np.abs(self.wanted[name]).max() >= TINY
            if judge and sqnr(self.wanted[name], array) < LEAST_SQNR:
                self.faults.append(f"{what}: '{name}' is at {sqnr(self.wanted[name], array):.1f} dB")

    def all(self):
        with open(self.path("model.onnx"), "wb") as file:
            file.write(self.model.SerializeToString())
        np.savez(self.path("x.npz"), **self.network.inputs)
        samples = {k: np.concatenate([v, self.network.normal(30, *v.shape[1:])]) if self.network.open else v for k, v in self.network.inputs.items()}
        np.savez(self.path("data.npz"), **samples)
        data = ["--data", "data.npz"]
        for backend in "portable", "onednn":
            self.run(f"float on {backend}", "model.onnx", self.tolerances, "--backend", backend)
        for act in "int8", "int4":
            self.quantize(f"{act}", "--act", act, judged=act == "int8")
            self.quantize(f"{act} with data", "--act", act, *data, judged=act == "int8")
            self.quantize(f"{act} recovered", "--act", act, *data, "--recover", "fast")
        left = set(os.listdir(self.folder)) - {"model.onnx", "x.npz", "data.npz"}
        if left:
            self.faults.append(f"leaves {sorted(left)}")


def check(program, seed, keep, only):
    with tempfile.TemporaryDirectory() as folder:
        one = Check(program, seed, folder, only)
        if one.wanted is None:
            return one
        one.all()
        if keep and one.faults:
            kept = os.path.join(keep, str(seed))
            os.makedirs(kept, exist_ok=True)
            for file in os.listdir(folder):
                os.replace(os.path.join(folder, file), os.path.join(kept, file))
        return one


def main(arguments):
    program = os.path.abspath(arguments.pop(0))
    keep = arguments[arguments.index("--keep") + 1] if "--keep" in arguments else None
    only = arguments[arguments.index("--parts") + 1].split(",") if "--parts" in arguments else ()
    numbers = [int(a) for a in arguments if a.isdigit()]
    first, count = (numbers + [0, 100][len(numbers):])[:2]
    faults, fitted, refused = 0, collections.Counter(), collections.Counter()
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        futures = {pool.submit(check_in_words, program, seed, keep, only): seed for seed in range(first, first + count)}
        for future in concurrent.futures.as_completed(futures):
            lines, parts, codes = future.result()
            fitted.update(parts)
            refused.update(codes)
            faults += bool(lines)
            for line in lines:
                print(f"FAULT seed {futures[future]}: {line}", flush=True)
    print(f"{count} networks, {sum(fitted.values())} parts of {len(layers.PARTS)} kinds, never: {[p.__name__ for p in layers.PARTS if not fitted[p.__name__]]}, refused: {dict(refused)}")
    print(f"{faults} networks with faults")
    return 1 if faults else 0


def check_in_words(program, seed, keep, only):
    one = check(program, seed, keep, only)
    return one.faults, dict(one.fitted), sorted(one.refused)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
