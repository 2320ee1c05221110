"""Models that are quantized already: what onnxruntime.quantization writes, and hand-made pairs of every kind."""
import logging
import os

import numpy as np
import onnxruntime
from onnxruntime import quantization

from harness import Case, F, I8, U8, helper, main, model, random, value

MODELS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "models")
node = helper.make_node
X = [value("x", F, ["n", 4, 6])]


class Reader(quantization.CalibrationDataReader):
    def __init__(self, arrays):
        self.left = [arrays]

    def get_next(self):
        return self.left.pop() if self.left else None


class Pairs(Case):
    x = {"x": random(2, 4, 6)}

    def pair(self, opset, scale, zero, expected=None, **more):
        """Quantized and dequantized again, both shown."""
        weights = {"s": scale, **({} if zero is None else {"z": zero})}
        inputs = ["s"] + ([] if zero is None else ["z"])
        nodes = [node("QuantizeLinear", ["x"] + inputs, ["q"], **more), node("DequantizeLinear", ["q"] + inputs, ["y"], **more)]
        dtype = U8 if zero is None or zero.dtype == np.uint8 else I8
        self.check(model(nodes, X, [value("q", dtype), value("y")], weights, opset=opset), self.x)

    def test_per_tensor(self):
        self.pair(10, np.float32(0.02), np.uint8(128))
        self.pair(13, np.float32(0.02), np.int8(-5))
        self.pair(13, np.float32(0.02), None)

    def test_per_channel(self):
        for axis, count in (0, 2), (1, 4), (2, 6), (-1, 6):
            scale = np.abs(random(count)) / 50 + 0.01
            self.pair(13, scale.astype(np.float32), np.arange(count, dtype=np.int8) - 2, axis=axis)

    def test_ties_go_to_even(self):
        x = {"x": np.array([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5] * 8, np.float32).reshape(2, 4, 6)}
        made = model([node("QuantizeLinear", ["x", "s", "z"], ["q"])], X, [value("q", I8)], {"s": np.float32(1), "z": np.int8(1)})
        self.check(made, x)

    def test_weights_of_a_layer_per_channel(self):
        q = np.random.default_rng(1).integers(-127, 128, (5, 4, 3)).astype(np.int8)
        weights = {"q": q, "s": (np.abs(random(5)) / 99).astype(np.float32), "z": np.zeros(5, np.int8),
                   "b": np.arange(5, dtype=np.int32) * 100, "bs": np.float32(0.001)}
        nodes = [node("DequantizeLinear", ["q", "s", "z"], ["w"], axis=0), node("DequantizeLinear", ["b", "bs"], ["bias"]),
                 node("Conv", ["x", "w", "bias"], ["y"], pads=[1, 1])]
        self.check(model(nodes, X, [value("y")], weights), self.x)

    def test_blocked_weights(self):
        q = np.random.default_rng(1).integers(-8, 8, (6, 8)).astype(np.int8)
        weights = {"q": q, "s": (np.abs(random(3, 8)) / 9).astype(np.float32)}
        nodes = [node("DequantizeLinear", ["q", "s"], ["w"], axis=0, block_size=2), node("MatMul", ["x", "w"], ["y"])]
        expected = {"y": self.x["x"] @ (q * np.repeat(weights["s"], 2, 0)).astype(np.float32)}
        self.check(model(nodes, X, [value("y")], weights, opset=21, ir=10), self.x, expected=expected)

    def test_integer_products(self):
        w = np.random.default_rng(1).integers(-127, 128, (6, 5)).astype(np.int8)
        nodes = [node("DynamicQuantizeLinear", ["x"], ["q", "s", "z"]), node("MatMulInteger", ["q", "w", "z"], ["i"]),
                 node("Cast", ["i"], ["f"], to=F), node("Mul", ["f", "s"], ["y"])]
        self.check(model(nodes, X, [value("y"), value("q", U8), value("s"), value("z", U8)], {"w": w}), self.x)


class WholeNetworks(Case):
    def quantized(self, name, arrays, static=True, **options):
        path = self.path("quantized.onnx")
        source = os.path.join(MODELS, name + ".onnx")
        logging.disable(logging.WARNING)
        if static:
            quantization.quantize_static(source, path, Reader(arrays), **options)
        else:
            quantization.quantize_dynamic(source, path, **options)
        return path

    def near(self, path, arrays):
        """Within 1e-4 of the largest output, as float networks. Where the last bit of a sum decides a rounding, an output
        may land on the next step: one in twenty may."""
        status, errors, got = self.run_model(path, arrays)
        self.assertEqual(status, 0, errors)
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        for info, wanted in zip(session.get_outputs(), session.run(None, arrays)):
            off = np.abs(got[info.name] - wanted) / np.abs(wanted).max()
            self.assertLess((off > 1e-4).mean(), 0.05, info.name)
            self.assertLess(off.max(), 0.02, info.name)

    def test_static(self):
        Type, Format = quantization.QuantType, quantization.QuantFormat
        arrays = {"x": random(4, 3, 32, 32)}
        for per_channel, activations, weights in ((False, Type.QUInt8, Type.QInt8), (True, Type.QInt8, Type.QInt8),
                                                  (True, Type.QUInt8, Type.QInt8), (False, Type.QUInt8, Type.QUInt8)):
            path = self.quantized("resnet_new18", arrays, quant_format=Format.QDQ, per_channel=per_channel,
                                  activation_type=activations, weight_type=weights)
            self.near(path, arrays)
        path = self.quantized("mobilenet_old13", arrays, quant_format=Format.QDQ, per_channel=True)
        self.near(path, arrays)

    def test_dynamic(self):
        tokens = {"tokens": np.random.default_rng(2).integers(0, 100, (2, 9))}
        self.near(self.quantized("transformer_old13", tokens, static=False), tokens)

    def test_operators_of_another_domain_are_named(self):
        arrays = {"x": random(4, 3, 32, 32)}
        path = self.quantized("resnet_old11", arrays, quant_format=quantization.QuantFormat.QOperator)
        self.refused(path, "E105", "com.microsoft", "QLinearAdd")


if __name__ == "__main__":
    main()
