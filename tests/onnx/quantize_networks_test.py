"""The main job on whole networks: quantized with and without data, every int8 layer's weights are within 1 %, what is not
an integer layer is named with a reason, and the artefact runs and answers in the shapes of the float network.

    quantize_networks_test.py DSQUANT own|FOLDER

`own`: the exports in models/, whose outputs must also stay near float. FOLDER: published networks, fetched there.
"""
import json
import os
import subprocess
import sys
import tempfile

import numpy as np

import compare
import networks_test
import published_networks_test

# Options, whether they get the inputs as data, and how near outputs must be on our own networks (cosine).
JOBS = [
    (["--weights", "int8", "--act", "int4"], False, 0.95),
    (["--weights", "int8", "--act", "int4"], True, 0.98),
    (["--weights", "int8", "--act", "int8"], True, 0.999),
]


def run(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr.strip()[-1000:]


def faults_of_report(report):
    faults = []
    for layer in report["layers"]:
        if layer["weight_type"] == "i8" and not layer["weight_error"] <= 0.01:
            faults.append(f"layer '{layer['name']}': {layer['weight_error']:.4f} weight error")
    named = {node for part in report["floats"] for node in part["nodes"] if part["reason"]}
    for layer in report["layers"]:
        if not layer["integer"] and layer["name"] not in named:
            faults.append(f"layer '{layer['name']}' stays float without a reason")
    if not report["layers"]:
        faults.append("no layers")
    return faults


def cosine(a, b):
    a, b = a.astype(np.float64).ravel(), b.astype(np.float64).ravel()
    return float(a @ b / max(np.sqrt((a @ a) * (b @ b)), 1e-30))


def faults_of(dsquant, model, given, options, with_data, near, folder):
    session = compare.open_model(model)
    arrays = compare.make_inputs(session, given)
    data, artefact, outputs = (os.path.join(folder, name) for name in ("x.npz", "m.dsq", "y.npz"))
    np.savez(data, **arrays)
    status, message = run([dsquant, *options, model, "-o", artefact] + (["--data", data] if with_data else []))
    if status != 0:
        return [f"exit {status}: {message}"]
    with open(os.path.join(folder, "m.report.json"), encoding="utf-8") as file:
        faults = faults_of_report(json.load(file))
    batched = any(info.shape and not isinstance(info.shape[0], int) for info in session.get_inputs())
    status, message = run([dsquant, "run", artefact, "--inputs", data, "--outputs", outputs] + (["--batch", "64"] if batched else []))
    if status != 0:
        return faults + [f"run: exit {status}: {message}"]
    got = np.load(outputs)
    names = [info.name for info in session.get_outputs()]
    for name, expected in zip(names, session.run(names, arrays)):
        if name not in got.files or got[name].shape != expected.shape or not np.isfinite(got[name]).all():
            faults.append(f"output '{name}' is missing, misshapen or not finite")
        elif near is not None and np.issubdtype(expected.dtype, np.floating) and cosine(got[name], expected) < near:
            faults.append(f"output '{name}': cosine {cosine(got[name], expected):.4f} < {near}")
    return faults


def main():
    dsquant, where = sys.argv[1], sys.argv[2]
    if where == "own":
        models = [(os.path.join(networks_test.MODELS, name), dict(pair.split("=", 1) for pair in networks_test.runs_of(name)[-1]))
                  for name in sorted(os.listdir(networks_test.MODELS))]
    else:
        published_networks_test.fetch(where)
        models = list({os.path.join(where, name): given for name, given in published_networks_test.RUNS}.items())
    failures = 0
    for model, given in models:
        for options, with_data, near in JOBS:
            with tempfile.TemporaryDirectory() as folder:
                faults = faults_of(dsquant, model, given, options, with_data, near if where == "own" else None, folder)
            failures += bool(faults)
            print("FAIL" if faults else "ok  ", os.path.basename(model), options[-1], "with data" if with_data else "", *faults)
    print(f"{len(models) * len(JOBS) - failures} of {len(models) * len(JOBS)} quantized")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
