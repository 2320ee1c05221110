#!/usr/bin/env python3
"""Times the runner and ONNX Runtime side by side on the same model and threads, in alternating rounds, and prints the
ratio of their throughputs (above 1: we are faster).

    compare_ort.py --runner build/ci/tests/bench/bench_runner [--threads 1 2] [--profile] [MODEL.onnx[:1,3,48,320] ...]

Without models, the networks of models.py are made and timed. Needs numpy, onnx and onnxruntime.
"""

import argparse
import os
import statistics
import subprocess
import tempfile
import time

import numpy as np
import onnxruntime as ort

import models


class Ours:
    def __init__(self, runner, model, inputs, backend, threads):
        env = dict(os.environ, OMP_NUM_THREADS=str(threads), OMP_WAIT_POLICY=os.environ.get("OMP_WAIT_POLICY", "passive" if threads == 1 else "active"))
        self.process = subprocess.Popen([runner, model, inputs, backend, str(threads)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, env=env)
        if self.process.stdout.readline().strip() != "ready":
            raise SystemExit(f"the runner refuses {model}")

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline()

    def times(self, n):
        return [float(t) for t in self.ask(f"run {n}").split()]

    def profile(self):
        line = self.ask("profile 10")
        while line.strip():
            print("   ", line, end="")
            line = self.process.stdout.readline()

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def session(model, threads):
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def ort_times(run, n):
    times = []
    for _ in range(n):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return times


def compare(name, ours_model, ort_model, feeds, arguments, threads):
    other = session(ort_model, threads)
    with tempfile.TemporaryDirectory() as folder:
        inputs, outputs = os.path.join(folder, "x.npz"), os.path.join(folder, "y.npz")
        np.savez(inputs, **feeds)
        ours = Ours(arguments.runner, ours_model, inputs, arguments.backend, threads)
        wanted = other.run(None, feeds)
        ours.ask(f"save {outputs}")
        got = list(np.load(outputs).values())
        error = max(float(np.max(np.abs(a.astype(np.float64) - b)) / max(np.max(np.abs(a)), 1e-30)) for a, b in zip(wanted, got))
        once = min(ort_times(lambda: other.run(None, feeds), 3))
        each = max(2, int(0.15 / once))
        a, b = [], []
        for _ in range(arguments.rounds):
            a += ours.times(each)
            b += ort_times(lambda: other.run(None, feeds), each)
        low = lambda t: statistics.quantiles(t, n=10, method="inclusive")[0]
        print(f"{name:<28} threads {threads}  ours {low(a) * 1e3:8.2f} ms  ORT {low(b) * 1e3:8.2f} ms  "
              f"ratio {low(b) / low(a):5.2f} (medians {statistics.median(b) / statistics.median(a):5.2f})  difference {error:.1e}", flush=True)
        if arguments.profile:
            ours.profile()
        ours.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*")
    parser.add_argument("--runner", default="build/ci/tests/bench/bench_runner")
    parser.add_argument("--backend", default="onednn")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--profile", action="store_true")
    arguments = parser.parse_args()
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        cases = []
        for given in arguments.models or models.NETWORKS:
            if given in models.NETWORKS:
                path = os.path.join(folder, given + ".onnx")
                shape = models.NETWORKS[given](path)
                cases.append((given, path, {"x": rng.standard_normal(shape).astype(np.float32)}))
                continue
            path, _, shape = given.partition(":")
            value = session(path, 1).get_inputs()[0]
            shape = [int(d) for d in shape.split(",")] if shape else [d if isinstance(d, int) else 1 for d in value.shape]
            cases.append((os.path.basename(path), path, {value.name: rng.standard_normal(shape).astype(np.float32)}))
        for name, path, feeds in cases:
            for threads in arguments.threads:
                compare(name, path, path, feeds, arguments, threads)


if __name__ == "__main__":
    main()
