#!/usr/bin/env python3
"""Prints what quantization costs networks of several kinds, as Markdown: table.py DSQUANT FOLDER [NETWORK ...]

Each network is quantized in the rows of ROWS; the .dsq runs on samples that nothing was fitted to, and what comes out
is scored here. What dsquant's report says of the same samples is compared. Networks and samples stay in FOLDER for the
next run."""
import argparse
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import time
from dataclasses import dataclass

import numpy as np
import onnxruntime

import measures
import ocr
import photos
import pictures
import sentences

NETWORKS = ocr.NETWORKS + pictures.NETWORKS + photos.NETWORKS + sentences.NETWORKS
ROWS = [("int8", ["--act", "int8", "--mixed", "off"]), ("int4", ["--act", "int4", "--mixed", "off"]),
        ("default", ["--act", "int4"])]
NEAR = 0.01  # points between the report's figure and ours, which come from other kernels' float outputs


def float_outputs(folder, inputs, batch=16):
    session = onnxruntime.InferenceSession(folder / "model.onnx", providers=["CPUExecutionProvider"])
    count = len(next(iter(inputs.values())))
    parts = [session.run(None, {name: array[at : at + batch] for name, array in inputs.items()})[0]
             for at in range(0, count, batch)]
    return np.concatenate(parts)


def timed(command, log):
    """Runs it; gives wall and CPU seconds, and the most memory in MB."""
    with open(log, "w", encoding="utf-8") as out:
        start = time.monotonic()
        process = subprocess.Popen(list(map(str, command)), stdout=out, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"exit status {process.returncode}: {' '.join(map(str, command))}\n{log.read_text()}")
    return {"wall": time.monotonic() - start, "cpu": usage.ru_utime + usage.ru_stime, "mb": usage.ru_maxrss / 1024}


class Tool:
    def __init__(self, dsquant, starter):
        # A small process starts the runs: what a process had in memory counts in the peak of what it starts.
        self.dsquant, self.starter = dsquant, starter
        self.starter.submit(os.getpid).result()

    def run(self, log, *arguments):
        return self.starter.submit(timed, [self.dsquant, *arguments, "--quiet"], log).result()

    def quantize(self, folder, network, row, flags):
        """The outputs of the .dsq, the report and the cost."""
        file, outputs = folder / f"{row}.dsq", folder / f"{row}.npz"
        labels = ["--labels", folder / "calibration_truth.npy",
                  "--eval-labels", folder / "evaluation_truth.npy"] if network.labelled else []
        cost = self.run(folder / f"{row}.log", "--weights", "int8", *flags, folder / "model.onnx", "-o", file,
                        "--data", folder / "calibration.npz", "--eval-data", folder / "evaluation.npz", *labels)
        self.run(folder / f"{row}.log", "run", file, "--inputs", folder / "evaluation.npz", "--outputs", outputs,
                 "--batch", "16")
        with np.load(outputs) as arrays:
            output = arrays[arrays.files[0]]
        outputs.unlink()
        return output, json.loads((folder / f"{row}.report.json").read_text()), cost


@dataclass(frozen=True)
class Row:
    shown: float
    a4: float
    measure: str
    said: float
    found: float


class Scores:
    """Of one network: its cells of the table."""

    def __init__(self, network, folder):
        self.network, self.folder = network, folder
        with np.load(folder / "evaluation.npz") as inputs:
            self.reference = float_outputs(folder, dict(inputs))
        self.truths = np.load(folder / "evaluation_truth.npy")
        self.float = self.figure(self.reference)

    def figure(self, output):
        if self.network.truth:
            return self.network.truth(output, self.truths, self.folder)
        return self.network.alike(self.reference, output)

    def row(self, tool, name, flags):
        """Quantizes: the figure, the share at 4 bits, and what is lost by the report's measure: said and found."""
        output, report, cost = tool.quantize(self.folder, self.network, name, flags)
        loss, layers = report["losses"][0], report["layers"]
        shown = self.figure(output) - (self.float if self.network.truth else 0)
        a4 = sum(layer["macs"] for layer in layers if layer["act_type"] in ("i4", "u4"))
        row = Row(shown, 100 * a4 / sum(layer["macs"] for layer in layers), loss["measure"], loss["points"],
                  measures.REPORTED[loss["measure"]](self.reference, output, self.truths))
        print(f"{self.network.name} {name}: {row.shown:.4f}, {row.a4:.1f} % at A4; {row.measure}: {row.said:.4f} in "
              f"the report, {row.found:.4f} here; {cost['wall']:.0f} s, {cost['cpu']:.0f} s of CPU, "
              f"{cost['mb']:.0f} MB", file=sys.stderr, flush=True)
        return row

    def cell(self, row, wanted, least_a4=None):
        text = f"{row.shown:+.2f}" if self.network.truth else f"{row.shown:.4g}"
        if row.measure == "estimated":
            text += f" (drop {row.found:.2f})"
        if least_a4 is not None:
            text += f", {row.a4:.0f} % at A4"
        missed = row.shown < wanted and not (row.measure == "estimated" and least_a4 and row.found <= 0.3)
        text += f" **< {wanted:g}**" if missed else ""
        return text + (f" **< {least_a4} %**" if row.a4 < (least_a4 or 0) else "")


def line(network, tool, folder):
    """Of the table."""
    scores = Scores(network, folder)
    rows = {name: scores.row(tool, name, flags) for name, flags in [*ROWS, *((n, f) for n, f, _ in network.extra)]}
    int8, int4, default, a4 = network.wanted
    wants = {"int8": (int8,), "int4": (int4,), "default": (default, a4)}
    cells = [scores.cell(rows[name], *want) for name, want in wants.items()]
    for name, flags, wanted in network.extra:
        cells[-1] += f"; `{' '.join(flags[2:])}`: {scores.cell(rows[name], wanted)}"
    apart = [f"{name}: {row.said:.3f}, not {row.found:.3f}" for name, row in rows.items()
             if not abs(row.said - row.found) <= NEAR]
    columns = [f"{network.kind} ({network.what})", f"{scores.float:.2f}", *cells, "; ".join(apart) or "yes"]
    return f"| {' | '.join(columns)} |"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dsquant")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("networks", nargs="*", metavar="NETWORK", help=", ".join(n.name for n in NETWORKS))
    arguments = parser.parse_args()
    unknown = set(arguments.networks) - {network.name for network in NETWORKS}
    if unknown:
        parser.error(f"no network {', '.join(sorted(unknown))}; there are {', '.join(n.name for n in NETWORKS)}")
    lines = []
    with concurrent.futures.ProcessPoolExecutor(1) as starter:
        tool = Tool(arguments.dsquant, starter)
        for network in NETWORKS:
            if arguments.networks and network.name not in arguments.networks:
                continue
            folder = arguments.folder / network.name
            if not (folder / "made").exists():
                folder.mkdir(parents=True, exist_ok=True)
                network.prepare(folder)
                (folder / "made").touch()
            lines.append(line(network, tool, folder))
    print("| kind (network, samples) | float | `--act int8 --mixed off` | `--act int4 --mixed off` | `--act int4` | "
          "report's figure equal |")
    print("|---|---:|---:|---:|---:|---|")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
