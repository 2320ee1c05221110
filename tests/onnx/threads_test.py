"""The networks of models/ give the same bytes with one, two and four threads.

    threads_test.py RUN_MODEL BACKEND
"""
import os
import subprocess
import sys
import tempfile

import numpy as np
import onnxruntime

import compare
import networks_test


def outputs(run_model, backend, threads, model, folder):
    path = os.path.join(folder, "y.npz")
    command = [run_model, model, os.path.join(folder, "x.npz"), path, "--backend", backend, "--threads", str(threads)]
    subprocess.run(command, check=True)
    return {name: array.tobytes() for name, array in np.load(path).items()}


def main():
    run_model, backend = sys.argv[1:]
    differing = []
    models = sorted(os.listdir(networks_test.MODELS))
    for name in models:
        model = os.path.join(networks_test.MODELS, name)
        given = dict(pair.split("=", 1) for pair in networks_test.runs_of(name)[-1])
        random = np.random.default_rng(7)
        infos = onnxruntime.InferenceSession(model).get_inputs()
        with tempfile.TemporaryDirectory() as folder:
            np.savez(os.path.join(folder, "x.npz"), **{i.name: compare.make_input(i, given.get(i.name), random) for i in infos})
            one, *others = (outputs(run_model, backend, threads, model, folder) for threads in (1, 2, 4))
            if any(other != one for other in others):
                differing.append(name)
    print(f"{len(models)} networks, {len(differing)} differ", *differing)
    return 1 if differing or not models else 0


if __name__ == "__main__":
    sys.exit(main())
