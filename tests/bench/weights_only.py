#!/usr/bin/env python3
"""Times weight-only quantization of a network of 25 million weights (100 MB), phase by phase, with its peak memory.

    weights_only.py --dsquant build/release/cli/dsquant [--runs 5] [--threads 0] [--model FILE.onnx]

Needs numpy and onnx. The network is made afresh unless --model names one.
"""

import argparse
import json
import os
import subprocess
import tempfile
import time

import models


def big_network(path):
    b = models.Builder()
    x = b.node("Relu", b.conv("x", 3, 64, 7, 4))
    for cin, cout in [(64, 256), (256, 512), (512, 512), (512, 512), (512, 512), (512, 512), (512, 512)]:
        x = b.node("Relu", b.conv(x, cin, cout, 3, 2 if cin < cout else 1))
    x = b.node("Flatten", b.node("GlobalAveragePool", x))
    for k, n in [(512, 2048), (2048, 2048), (2048, 2048), (2048, 1200)]:
        x = b.linear(x, k, n)
    b.save(path, ["n", 3, 64, 64], x, ["n", 1200])


def once(program, model, folder, threads):
    out = os.path.join(folder, "big.dsq")
    began = time.perf_counter()
    command = [program, "--weights", "int8", "--act", "float", model, "-o", out, "--json"]
    process = subprocess.Popen(command + (["--threads", str(threads)] if threads else []),
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    text = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        raise SystemExit(f"dsquant failed: {status}")
    seconds = time.perf_counter() - began
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1e3, json.loads(text), os.path.getsize(out)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dsquant", required=True)
    parser.add_argument("--model")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        model = arguments.model or os.path.join(folder, "big.onnx")
        if not arguments.model:
            big_network(model)
        runs = sorted((once(arguments.dsquant, model, folder, arguments.threads) for _ in range(arguments.runs)), key=lambda r: r[0])
        wall, cpu, memory, report, size = runs[0]
        print(f"{os.path.getsize(model) / 1e6:.1f} MB -> {size / 1e6:.1f} MB")
        print(f"wall {wall:.2f} s best, {runs[len(runs) // 2][0]:.2f} s median; cpu {cpu:.2f} s; peak memory {memory:.0f} MB")
        for phase in report.get("seconds", []):
            print(f"  {phase['phase']:<14} {phase['seconds']:.3f} s")


main()
