"""What the case files share: short words to build models with, and the list of cases.

A case file's functions with @case give a model, bytes, or a dict of them by name; with @in_folder they get a folder,
into which they write model.onnx and what belongs to it.
"""
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

F, F16, F64, BF16, I64, I32, I8, U8, BOOL, STRING = (
    TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE, TensorProto.BFLOAT16, TensorProto.INT64, TensorProto.INT32,
    TensorProto.INT8, TensorProto.UINT8, TensorProto.BOOL, TensorProto.STRING)

CASES = []   # functions without arguments
FOLDERS = []  # functions of a folder


def case(function):
    CASES.append(function)
    return function


def in_folder(function):
    FOLDERS.append(function)
    return function


def value(name, dtype=F, shape=None):
    return helper.make_tensor_value_info(name, dtype, shape)


def tensor(name, array):
    return numpy_helper.from_array(np.asarray(array), name)


def ones(*shape):
    return np.ones(shape, np.float32)


def random(*shape, seed=3):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def ints(*values):
    return np.array(values, np.int64)


def attribute(key, content):
    """An attribute of a type that make_node would not give it."""
    return helper.make_attribute(key, content)


def node(op, inputs, outputs, **attributes):
    """Attributes may be AttributeProtos."""
    ready = [a for a in attributes.values() if isinstance(a, onnx.AttributeProto)]
    made = helper.make_node(op, inputs, outputs, **{k: a for k, a in attributes.items() if not isinstance(a, onnx.AttributeProto)})
    made.attribute.extend(ready)
    return made


def graph(nodes, inputs, outputs, weights=(), name="g"):
    held = [tensor(n, a) for n, a in weights.items()] if isinstance(weights, dict) else list(weights)
    return helper.make_graph(nodes, name, inputs, outputs, held)


def model(nodes, inputs, outputs, weights=(), opset=17, ir=8, functions=(), domains=()):
    opsets = [helper.make_opsetid("", opset)] + [helper.make_opsetid(d, 1) for d in domains]
    return helper.make_model(graph(nodes, inputs, outputs, weights), opset_imports=opsets, ir_version=ir, functions=list(functions),
                             producer_name="test")
