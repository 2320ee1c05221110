"""What the import tests share: a model built with the onnx package is run by run_model and by ONNX Runtime.

A test file ends with `harness.main()`; its first argument is the run_model program, or dsquant.
"""
import os
import subprocess
import sys
import tempfile
import unittest

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper  # noqa: F401: for the test files

from compare import command_of, difference

RUN_MODEL = sys.argv[1] if len(sys.argv) > 1 else ""
F, I64, I32, U8, I8, BOOL, F16, BF16, F64 = (TensorProto.FLOAT, TensorProto.INT64, TensorProto.INT32, TensorProto.UINT8,
                                             TensorProto.INT8, TensorProto.BOOL, TensorProto.FLOAT16, TensorProto.BFLOAT16,
                                             TensorProto.DOUBLE)


def value(name, dtype=F, shape=None):
    return helper.make_tensor_value_info(name, dtype, shape)


def weight(name, array):
    return numpy_helper.from_array(np.asarray(array), name)


def random(*shape, seed=3, dtype=np.float32):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def model(nodes, inputs, outputs, weights=(), opset=17, ir=8, functions=(), domains=()):
    """Weights: {name: array} or TensorProtos."""
    tensors = [weight(n, a) for n, a in weights.items()] if isinstance(weights, dict) else list(weights)
    graph = helper.make_graph(nodes, "g", inputs, outputs, tensors)
    opsets = [helper.make_opsetid("", opset)] + [helper.make_opsetid(d, 1) for d in domains]
    return helper.make_model(graph, opset_imports=opsets, ir_version=ir, functions=list(functions), producer_name="test")


def onnxruntime_outputs(made, arrays):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    source = made if isinstance(made, str) else made.SerializeToString()
    session = onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    names = [o.name for o in session.get_outputs()]
    return dict(zip(names, session.run(names, arrays)))


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def run_model(self, made, arrays, *options):
        """(exit status, stderr, {output: array})"""
        source = made
        if isinstance(made, onnx.ModelProto):
            source = self.path("model.onnx")
            with open(source, "wb") as file:
                file.write(made.SerializeToString())
        np.savez(self.path("x.npz"), **arrays)
        command = command_of(RUN_MODEL, source, self.path("x.npz"), self.path("y.npz"), False) + list(options)
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
        outputs = dict(np.load(self.path("y.npz"))) if done.returncode == 0 else {}
        return done.returncode, done.stderr, outputs

    def check(self, made, *array_sets, expected=None, options=()):
        """The outputs equal ONNX Runtime's, or `expected`, for each set of input arrays."""
        for arrays in array_sets:
            status, errors, got = self.run_model(made, arrays, *options)
            self.assertEqual(status, 0, errors)
            wanted = onnxruntime_outputs(made, arrays) if expected is None else expected
            self.assertEqual(list(got), list(wanted))
            for name, array in wanted.items():
                self.assertIsNone(difference(name, got[name], array))

    def refused(self, made, code, *words, arrays=None, options=()):
        """Exit status 3, the code, and every word in the message."""
        status, errors, _ = self.run_model(made, arrays or {}, *options)
        self.assertEqual(status, 3, errors)
        self.assertIn(f"[{code}]", errors)
        for word in words:
            self.assertIn(word, errors)


def main():
    unittest.main(argv=[sys.argv[0]] + sys.argv[2:])
