#!/usr/bin/env python3
"""Times dsquant and ONNX Runtime side by side on the same model and threads, in alternating rounds, and prints the ratio
of their throughputs (above 1: dsquant is faster).

    compare_ort.py [--build build/ci] [--precision float int8 w8a4] [--threads 1 2] [--json out.json] [MODEL ...]

MODEL is a network of models.py (all of them by default) or FILE.onnx[:1,3,48,320]. Both sides calibrate on the same
data. For int8, ONNX Runtime gets its own static quantization in QDQ form, weights by channel, with unsigned and with
signed activations, and the faster of the two counts. It has no 4-bit activations: w8a4 stands beside its int8.
Needs numpy, onnx and onnxruntime, and the targets dsquant and bench_runner.
"""

import argparse
import json
import logging
import os
import statistics
import subprocess
import tempfile
import time

import numpy as np
import onnx
import onnx.version_converter
import onnxruntime as ort
from onnxruntime import quantization
from onnxruntime.quantization.shape_inference import quant_pre_process

import models

SAMPLES = 4  # of calibration


class Ours:
    def __init__(self, runner, model, inputs, backend, threads):
        env = dict(os.environ, GOMP_SPINCOUNT="3000")  # as dsquant sets it (cli/spin.cc)
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


class Samples(quantization.CalibrationDataReader):
    def __init__(self, data):
        count = len(next(iter(data.values())))
        self.feeds = iter([{name: x[i : i + 1] for name, x in data.items()} for i in range(count)])

    def get_next(self):
        return next(self.feeds, None)


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


def ort_int8(model, data, feeds, folder):
    """The faster of ONNX Runtime's two quantizations."""
    prepared = os.path.join(folder, "prepared.onnx")
    source = onnx.load(model)
    if source.opset_import[0].version < 13:  # scales by channel came with opset 13
        onnx.save(onnx.version_converter.convert_version(source, 13), prepared)
        model = prepared
    quant_pre_process(model, prepared, skip_symbolic_shape=True)
    best = None
    for kind in (quantization.QuantType.QUInt8, quantization.QuantType.QInt8):
        path = os.path.join(folder, f"ort_{kind.name}.onnx")
        quantization.quantize_static(prepared, path, Samples(data), quant_format=quantization.QuantFormat.QDQ,
                                     per_channel=True, activation_type=kind, weight_type=quantization.QuantType.QInt8)
        run = session(path, 1)
        seconds = min(ort_times(lambda: run.run(None, feeds), 6)[1:])
        if best is None or seconds < best[0]:
            best = (seconds, path)
    return best[1]


def our_integers(dsquant, model, data_path, act, folder):
    path = os.path.join(folder, f"ours_{act}.dsq")
    subprocess.run([dsquant, "--weights", "int8", "--act", act, "--data", data_path, "-o", path, model], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return path


def low(times):
    return statistics.quantiles(times, n=10, method="inclusive")[0]


def compare(name, precision, ours_model, ort_model, feeds, arguments, threads, folder):
    other = session(ort_model, threads)
    inputs, outputs = os.path.join(folder, "x.npz"), os.path.join(folder, "y.npz")
    np.savez(inputs, **feeds)
    ours = Ours(os.path.join(arguments.build, "tests/bench/bench_runner"), ours_model, inputs, arguments.backend, threads)
    wanted = other.run(None, feeds)
    ours.ask(f"save {outputs}")
    got = list(np.load(outputs).values())
    error = max(float(np.max(np.abs(a.astype(np.float64) - b)) / max(np.max(np.abs(a)), 1e-30)) for a, b in zip(wanted, got))
    each = max(2, int(arguments.slice / min(ort_times(lambda: other.run(None, feeds), 3))))
    a, b = [], []
    for _ in range(arguments.rounds):
        a += ours.times(each)
        b += ort_times(lambda: other.run(None, feeds), each)
    row = {"network": name, "precision": precision, "threads": threads, "dsquant_ms": low(a) * 1e3, "onnxruntime_ms": low(b) * 1e3,
           "ratio": low(b) / low(a), "ratio_of_medians": statistics.median(b) / statistics.median(a), "difference": error}
    print(f"{name:<14} {precision:<6} threads {threads}  ours {row['dsquant_ms']:8.2f} ms  ORT {row['onnxruntime_ms']:8.2f} ms  "
          f"ratio {row['ratio']:5.2f} (medians {row['ratio_of_medians']:5.2f})  difference {error:.1e}", flush=True)
    if arguments.profile:
        ours.profile()
    ours.close()
    return row


def network(given, folder, rng):
    """Name, file, one sample and the data for calibration."""
    if given in models.NETWORKS:
        name, path = given, os.path.join(folder, given + ".onnx")
        shape = models.NETWORKS[given](path)
    else:
        path, _, text = given.partition(":")
        name, shape = os.path.basename(path), [int(d) for d in text.split(",")] if text else None
    value = session(path, 1).get_inputs()[0]
    shape = shape or [d if isinstance(d, int) else 1 for d in value.shape]
    data = rng.standard_normal([SAMPLES * shape[0], *shape[1:]]).astype(np.float32)
    return name, path, {value.name: data[: shape[0]]}, {value.name: data}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", default=list(models.NETWORKS))
    parser.add_argument("--build", default="build/ci")
    parser.add_argument("--backend", default="onednn")
    parser.add_argument("--precision", nargs="+", default=["float", "int8", "w8a4"], choices=["float", "int8", "w8a4"])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=16)
    parser.add_argument("--slice", type=float, default=0.08, help="seconds of one side before the other takes its turn")
    parser.add_argument("--profile", action="store_true", help="our time by operator")
    parser.add_argument("--json", help="a file for the rows")
    arguments = parser.parse_args()
    logging.getLogger().setLevel(logging.ERROR)
    rng = np.random.default_rng(0)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        dsquant, data_path = os.path.join(arguments.build, "cli/dsquant"), os.path.join(folder, "calibration.npz")
        for given in arguments.models:
            name, path, feeds, data = network(given, folder, rng)
            np.savez(data_path, **data)
            integers = ort_int8(path, data, feeds, folder) if set(arguments.precision) != {"float"} else None
            for precision in arguments.precision:
                ours, other = path, path
                if precision != "float":
                    ours, other = our_integers(dsquant, path, data_path, "int4" if precision == "w8a4" else "int8", folder), integers
                for threads in arguments.threads:
                    rows.append(compare(name, precision, ours, other, feeds, arguments, threads, folder))
    if arguments.json:
        with open(arguments.json, "w") as out:
            json.dump({"onnxruntime": ort.__version__, "rows": rows}, out, indent=2)


if __name__ == "__main__":
    main()
