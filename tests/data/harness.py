"""A network that gives back what it gets, and a way to see what dsquant makes of samples."""
import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import numpy as np

DSQUANT = str(Path(sys.argv[1]).resolve())


class Samples(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.addCleanup(os.chdir, "/")
        os.chdir(folder.name)

    def done(self, *words, status=0):
        done = subprocess.run([DSQUANT, *map(str, words)], capture_output=True, text=True)
        self.assertEqual(done.returncode, status, f"{words}\n{done.stdout}\n{done.stderr}")
        return done

    def dsquant(self, *words, status=0):
        done = self.done(*words, status=status)
        return done.stdout if status == 0 else done.stderr

    def warnings(self, *words):
        return self.done(*words).stderr

    def echo(self, shape="?,3,?,?", kind="f32"):
        """A network that gives back its only input x."""
        Path("echo.dsir").write_text(f'graph "echo" stage=float (%x: {kind}[{shape}]) -> (%y) {{\n  %y = abs(%x) @"same"\n}}\n')
        return "echo.dsir"

    def seen(self, data, *flags, shape="?,3,?,?", kind="f32"):
        """What the network gets of `data`."""
        self.dsquant("run", self.echo(shape, kind), "--inputs", data, "-o", "y.npz", *flags)
        return np.load("y.npz")["y"]

    def check(self, data, *flags, shape="?,3,?,?", status=0):
        out = self.dsquant("data", "check", data, self.echo(shape), "--json", *flags, status=status)
        return json.loads(out) if status == 0 else out


def main():
    del sys.argv[1:]
    unittest.main()
